import { isContainerId } from "../../config/text/cni-name.ts";
import { interfaceNameFault } from "../../config/text/interface-name.ts";
import type { WhereaboutsEntry, WhereaboutsState } from "../../portable/whereabouts-state.ts";

/** Without containers and interfaces that CNI does not allow: no DEL would ever name them, so they count as not known. */
export function withLegibleEntries(state: WhereaboutsState): WhereaboutsState {
  return {
    ...state,
    pools: state.pools.map((pool) => ({
      ...pool,
      allocations: Object.fromEntries(
        Object.entries(pool.allocations).map(([offset, entry]) => [offset, legible(entry)]),
      ),
    })),
    reservations: state.reservations.map(({ name, ...entry }) => ({ name, ...legible(entry) })),
  };
}

function legible({ id, ifname, podref }: WhereaboutsEntry): WhereaboutsEntry {
  return {
    ...(id !== undefined && isContainerId(id) && { id }),
    ...(podref !== undefined && { podref }),
    ...(ifname !== undefined && interfaceNameFault(ifname) === undefined && { ifname }),
  };
}
