import { type Address, formatAddress, parseAddress } from "../../address/address.ts";
import { sortableText } from "../../address/sortable.ts";
import { isHolder } from "../../ipam/audit/scene.ts";
import type { PodFacts } from "../../ipam/cluster-port.ts";
import { allocationRefs } from "../../ipam/free/free.ts";
import { pastDamage } from "../../ipam/integrity/damage.ts";
import { readPast } from "../../ipam/integrity/read-past.ts";
import type { AllocationRecord, Holder, Origin, PodId, RefOf } from "../../ipam/records.ts";
import type { WhyContext } from "./why-context.ts";

/** One address that the store holds for a pod, in one of its sandboxes. */
export interface HeldAddress {
  readonly address: string;
  readonly space: string;
  readonly origin: Origin;
  readonly since: string;
  readonly holder: Holder;
}

/**
 * What the store holds for a pod: for this very one where it is known live, else for any of its name. Looks at the pod's
 * node first; at all nodes only where that has nothing for it, for the node may be called otherwise there.
 */
export async function heldBy(
  pod: PodId,
  live: PodFacts | undefined,
  { ports, options }: Pick<WhyContext, "ports" | "options">,
): Promise<HeldAddress[]> {
  const past = pastDamage(options, ports);
  const isTheirs = (holder: Holder) =>
    live === undefined
      ? holder.pod?.namespace === pod.namespace && holder.pod.name === pod.name
      : isHolder(live, holder);
  const held: HeldAddress[] = [];
  if (live?.nodeName !== undefined) {
    const refs: RefOf<"allocation">[] = [];
    for await (const { record } of ports.store.list({ kind: "attachment", node: live.nodeName }, past))
      if (isTheirs(record.holder)) refs.push(...allocationRefs(record));
    const found = await readPast(refs, ports.store, past);
    refs.forEach((ref, index) => {
      const record = found[index]?.record;
      const own = record?.holders.filter(isTheirs) ?? [];
      if (record !== undefined) held.push(...own.map((holder) => one(ref, record, holder)));
    });
    if (held.length > 0) return held.sort(inOrder);
  }
  for await (const { ref, record } of ports.store.list({ kind: "allocation" }, past))
    held.push(...record.holders.filter(isTheirs).map((holder) => one(ref, record, holder)));
  return held;
}

/** As the store lists allocations. */
function inOrder(a: HeldAddress, b: HeldAddress): number {
  if (a.space !== b.space) return a.space < b.space ? -1 : 1;
  return sortableText(parseAddress(a.address)) < sortableText(parseAddress(b.address)) ? -1 : 1;
}

function one(
  { space, address }: { readonly space: string; readonly address: Address },
  { origin, since }: AllocationRecord,
  holder: Holder,
): HeldAddress {
  return { address: formatAddress(address), space, origin, since, holder };
}
