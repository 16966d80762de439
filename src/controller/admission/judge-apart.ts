import { rangeAmong, setsWithSubnetFor } from "../../address/range.ts";
import { inFull } from "../../ipam/errors.ts";
import { furtherNetworks } from "../../ipam/wish/further-networks.ts";
import { type Finding, refuse } from "./finding.ts";
import type { KnownNetwork } from "./known-networks.ts";
import { refusalIn } from "./refusal-in.ts";
import { refuseBothOfOne, type Wishes } from "./wishes.ts";
import type { Workload } from "./workload.ts";

/**
 * An address and a list for one range set, in every known network that has both. With several networks of
 * the pod's own, one of them may have the address, and another one the list.
 */
export function judgeApart(
  { annotations }: Workload,
  wishes: Wishes,
  known: readonly KnownNetwork[],
): Finding[] {
  if (furtherNetworks(annotations).length > 0) return [];
  const having = known.filter(
    ({ sets }) =>
      wishes.fixed.some(({ address }) => rangeAmong(sets, address) !== undefined) &&
      wishes.sets.some(({ intervals }) =>
        intervals.some((interval) => setsWithSubnetFor(sets, interval).length > 0),
      ),
  );
  const [first] = having;
  const isRefused = ({ guessed, sets }: KnownNetwork) =>
    guessed ? undefined : refusalIn(() => refuseBothOfOne(annotations, sets));
  const refusal = first && isRefused(first);
  if (refusal === undefined || !having.every(isRefused)) return [];
  return [refuse(inFull(refusal))];
}
