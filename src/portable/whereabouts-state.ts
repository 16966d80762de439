import type { PodFacts } from "../ipam/cluster-port.ts";

/** Whose an address is, as far as whereabouts' object can be read. */
export interface WhereaboutsEntry {
  /** The container's ID. */
  readonly id?: string;
  /** "namespace/name", or whatever stands there. */
  readonly podref?: string;
  readonly ifname?: string;
}

/** Whereabouts' IPPool (whereabouts.cni.cncf.io/v1alpha1), as far as it is read. */
export interface WhereaboutsPool {
  readonly name: string;
  /** As written; offsets count from its address. */
  readonly range: string;
  readonly allocations: Readonly<Record<string, WhereaboutsEntry>>;
  /** Why its allocations cannot be read at all. */
  readonly damage?: string;
}

/** Whereabouts' OverlappingRangeIPReservation: the address stands in its name. */
export interface WhereaboutsReservation extends WhereaboutsEntry {
  readonly name: string;
}

export interface WhereaboutsState {
  readonly pools: readonly WhereaboutsPool[];
  readonly reservations: readonly WhereaboutsReservation[];
  readonly pods: readonly PodFacts[];
  /** Objects that cannot be read although what they say is needed, one line each. */
  readonly damages?: readonly string[];
}
