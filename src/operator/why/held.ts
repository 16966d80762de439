import { type Address, formatAddress } from "../../address/address.ts";
import { isHolder } from "../../ipam/audit/scene.ts";
import type { PodFacts } from "../../ipam/cluster-port.ts";
import { pastDamage } from "../../ipam/integrity/damage.ts";
import type { AllocationRecord, Holder, Origin, PodId } from "../../ipam/records.ts";
import type { WhyContext } from "./why-context.ts";

/** One address that the store holds for a pod, in one of its sandboxes. */
export interface HeldAddress {
  readonly address: string;
  readonly space: string;
  readonly origin: Origin;
  readonly since: string;
  readonly holder: Holder;
}

/** What the store holds for a pod: for this very one where it is known live, else for any of its name. */
export async function heldBy(
  pod: PodId,
  live: PodFacts | undefined,
  { ports, options }: Pick<WhyContext, "ports" | "options">,
): Promise<HeldAddress[]> {
  const isTheirs = (holder: Holder) =>
    live === undefined
      ? holder.pod?.namespace === pod.namespace && holder.pod.name === pod.name
      : isHolder(live, holder);
  const held: HeldAddress[] = [];
  for await (const { ref, record } of ports.store.list({ kind: "allocation" }, pastDamage(options, ports)))
    held.push(...record.holders.filter(isTheirs).map((holder) => one(ref, record, holder)));
  return held;
}

function one(
  { space, address }: { readonly space: string; readonly address: Address },
  { origin, since }: AllocationRecord,
  holder: Holder,
): HeldAddress {
  return { address: formatAddress(address), space, origin, since, holder };
}
