/** Bounds of the degrees of filling that are told apart, as shares of the pool. */
const DEGREES = [0.25, 0.5, 0.75, 0.85, 0.92, 0.99, 1] as const;

/** What the ADDs of one phase and one degree of filling have cost. */
export interface Costs {
  /** ADDs that got an address. */
  adds: number;
  /** ADDs that were told that none is free. */
  refused: number;
  /** ADDs that failed otherwise: none should. */
  failed: number;
  /** How many of the ADDs took so many round trips: reads and commits. */
  trips: number[];
  /** Commits that lost against another ADD. */
  lost: number;
  /** Reads by ADDs. */
  reads: number;
}

/** Costs by phase and degree of filling. Plain data, so that processes can send theirs. */
export type Tallied = Record<string, Costs>;

/** Counts what ADDs cost. */
export class Tally {
  readonly costs: Tallied;
  phase = "";

  constructor(costs: Tallied = {}) {
    this.costs = costs;
  }

  /** Of the present phase, and of ADDs that begin at this share of the pool. */
  at(share: number): Costs {
    const upper = DEGREES.findIndex((bound) => share < bound);
    const to = upper === -1 ? DEGREES.length - 1 : upper;
    const key = `${this.phase}|${percent(DEGREES[to - 1] ?? 0)}-${percent(DEGREES[to] ?? 1)} %`;
    const known = this.costs[key] ?? nothing();
    this.costs[key] = known;
    return known;
  }

  add(other: Tallied): void {
    for (const [key, costs] of Object.entries(other)) {
      const known = this.costs[key];
      this.costs[key] = known === undefined ? costs : sum([known, costs]);
    }
  }

  /** All costs of the phases whose name begins so. */
  of(phase: string): Costs {
    return sum(Object.entries(this.costs).flatMap(([key, costs]) => (key.startsWith(phase) ? [costs] : [])));
  }
}

function nothing(): Costs {
  return { adds: 0, refused: 0, failed: 0, trips: [], lost: 0, reads: 0 };
}

export function sum(all: readonly Costs[]): Costs {
  const total: Costs = nothing();
  for (const one of all) {
    for (const key of ["adds", "refused", "failed", "lost", "reads"] as const) total[key] += one[key];
    one.trips.forEach((count, trips) => {
      total.trips[trips] = (total.trips[trips] ?? 0) + (count ?? 0);
    });
  }
  return total;
}

/** Round trips of an ADD on average. */
export function mean({ trips }: Costs): number {
  const all = trips.reduce((count, of) => count + (of ?? 0), 0);
  return trips.reduce((total, of, number) => total + (of ?? 0) * number, 0) / all;
}

/** Round trips that so large a share of the ADDs does not exceed. */
export function quantileOf({ trips }: Costs, share: number): number {
  const all = trips.reduce((count, of) => count + (of ?? 0), 0);
  let seen = 0;
  for (const [number, of] of trips.entries()) {
    seen += of ?? 0;
    if (seen >= share * all) return number;
  }
  return trips.length - 1;
}

/** Rows for a table: a phase's degrees of filling. */
export function rowsOf(tally: Tally, phase: string): string[][] {
  return Object.entries(tally.costs).flatMap(([key, costs]) => {
    const [name = "", filling = ""] = key.split("|");
    if (!name.startsWith(phase)) return [];
    const { adds, refused, failed, lost, reads } = costs;
    const per = (count: number) => (count / Math.max(1, adds)).toFixed(3);
    const counts = [adds, refused, failed].map(String);
    const cells =
      adds === 0
        ? ["-", "-", "-"]
        : [mean(costs).toFixed(3), quantileOf(costs, 0.99), costs.trips.length - 1].map(String);
    return [[name, filling, ...counts, ...cells, per(lost), per(reads)]];
  });
}

export const COLUMNS = [
  "phase",
  "filled",
  "ADDs",
  "refused",
  "failed",
  "round trips, mean",
  "p99",
  "most",
  "lost races per ADD",
  "reads per ADD",
];

function percent(share: number): string {
  return String(Math.round(share * 100));
}
