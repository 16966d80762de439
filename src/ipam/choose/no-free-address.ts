import { formatInterval } from "../../address/interval-text.ts";
import { IpamError } from "../errors.ts";
import type { OpenTarget } from "../plan/target.ts";
import { blockersOf, waysOut } from "../reserve/blocks.ts";
import type { Attempt } from "../view/attempt.ts";
import type { View } from "../view/view.ts";

/** The error of a range set without a free address, cooling ones included. */
export function noFreeAddress(attempt: Attempt, view: View, target: OpenTarget): IpamError {
  const { network } = attempt.request;
  const ranges = target.set.ranges.map(({ dynamic }) => formatInterval(dynamic)).join(", ");
  const blockers = blockersOf(
    view.reservedRanges?.record.ranges ?? [],
    target.set.ranges.map(({ dynamic }) => dynamic),
  );
  if (blockers.length > 0) return blocked(network.name, target.setIndex, ranges, blockers);
  const reserved = view.snapshot.windows.reduce((sum, window) => sum + window.reserved.length, 0);
  const hint =
    reserved > 0 ? " (some are reserved for workloads that are not running: 'kube-ipam ip list')" : "";
  return new IpamError(
    "noFreeAddress",
    `no free address in range set ${target.setIndex} of network '${network.name}': ${ranges}`,
    `all its addresses are allocated, reserved or excluded${hint}; add a range or remove pods that no longer need an address`,
  );
}

/** The error where a recovery blocks the addresses that silent nodes may hold. */
function blocked(name: string, set: number, ranges: string, nodes: readonly string[]): IpamError {
  return new IpamError(
    "noFreeAddress",
    `no free address is known in range set ${set} of network '${name}': ${ranges}`,
    waysOut(nodes),
  );
}
