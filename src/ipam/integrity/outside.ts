import { type Address, parseAddress } from "../../address/address.ts";
import { cidrContains } from "../../address/cidr.ts";
import { intervalContains } from "../../address/interval.ts";
import { whyNotAllowed } from "../../address/not-allowed.ts";
import { describeAttachment } from "../in-words.ts";
import type { Network } from "../network.ts";
import type { Ports } from "../ports.ts";
import type { AttachmentRecord } from "../records.ts";

/**
 * Warns of addresses that an attachment has and its network would not give out today, because a range
 * in use was shrunk, moved or excluded. The attachment keeps them: DEL, CHECK and a repeated ADD go by
 * the record.
 */
export function logOutside(network: Network, record: AttachmentRecord, ports: Pick<Ports, "log">): void {
  const outside = outsideOf(network, record);
  if (outside.length === 0) return;
  const who = describeAttachment(record.holder.attachment);
  ports.log(
    "warn",
    `${outside.join(", ")} of ${who} now lies outside of what its network gives out; the attachment keeps it until its DEL`,
    {
      node: record.holder.node,
    },
  );
}

/** The addresses that an attachment has and its network would not give out today: all, where its address space changed. */
export function outsideOf(network: Network, record: AttachmentRecord): string[] {
  if (record.space !== network.space) return [...record.addresses];
  return record.addresses.filter((text) => liesOutside(network, record, parseAddress(text)));
}

/** Fixed addresses may lie anywhere in a subnet, dynamic ones only in a range. */
function liesOutside(network: Network, { origin }: AttachmentRecord, address: Address): boolean {
  const ranges = network.sets.flatMap((set) => set.ranges);
  const inside = ranges.some(({ dynamic, subnet }) =>
    origin === "dynamic" ? intervalContains(dynamic, address) : cidrContains(subnet, address),
  );
  return !inside || whyNotAllowed(network, address) !== undefined;
}
