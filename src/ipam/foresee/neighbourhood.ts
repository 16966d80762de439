import type { Neighbourhood } from "../foresight.ts";

/** No ADD of this process runs longer, in milliseconds: what it took and never told of is forgotten. */
const RUNNING_MS = 60_000;
/** How many cooling positions are remembered; the oldest are forgotten, and found again by a read. */
const MOST_COOLING = 512;
/** How many positions that own ADDs have won are remembered since the last read. */
const MOST_WON = 4096;
/** So many addresses that others took since the last read are a neighbour's. */
const SEVERAL = 3;
/** After so many races without a lost one, the neighbours have gone. */
const CALM = 64;

/** A position that an ADD of this process has taken. */
type Held = { readonly until: number } | { readonly revision: number };

/** What a node knows of one pool: a place of bounded size, and what it gave back itself. */
export class KnownNeighbourhood implements Neighbourhood {
  contested = false;
  /** The next one to take is the last. */
  #free: bigint[] = [];
  readonly #held = new Map<bigint, Held>();
  readonly #cooling: { readonly position: bigint; readonly ready: number }[] = [];
  /** A race was lost since the last read, which tells who has won it. */
  #hasLost = false;
  /** How many races were won since the last one that was lost. */
  #wins = 0;
  readonly #random: () => number;
  readonly #now: () => number;

  /** @param now milliseconds of a clock of this process. */
  constructor(random: () => number, now = () => performance.now()) {
    this.#random = random;
    this.#now = now;
  }

  /**
   * In order, as a person expects, while this node is alone here; at random afterwards, so that neighbours do
   * not chase the same address (FLAT). What this node gave back comes last, once it has cooled down.
   */
  take(usable: (position: bigint) => boolean): bigint | undefined {
    for (;;) {
      const position = this.#nearby() ?? this.#cooled();
      if (position === undefined) return undefined;
      if (this.#held.has(position) || !usable(position)) continue;
      this.#held.set(position, { until: this.#now() + RUNNING_MS });
      return position;
    }
  }

  learn(free: Iterable<bigint>, revision: number): void {
    for (const [position, held] of this.#held) {
      if ("revision" in held ? held.revision <= revision : held.until < this.#now())
        this.#held.delete(position);
    }
    const believed = this.#free;
    this.#free = [...free].filter((position) => !this.#held.has(position)).reverse();
    if (this.#hasLost) this.#meetNeighbours(believed);
    this.#hasLost = false;
  }

  /** One address in the way may be a fixed one. Several at once are a neighbour's. */
  #meetNeighbours(believed: readonly bigint[]): void {
    const known = new Set(this.#free);
    if (believed.filter((position) => !known.has(position)).length < SEVERAL) return;
    this.contested = true;
    this.#wins = 0;
  }

  /** An ADD of this process has taken this position, at this revision. */
  won(position: bigint, revision: number): void {
    this.#held.set(position, { revision });
    this.#wins += 1;
    if (this.#wins >= CALM) this.contested = false;
    const [oldest] = this.#held.keys();
    if (this.#held.size > MOST_WON && oldest !== undefined) this.#held.delete(oldest);
  }

  lost(position: bigint): void {
    this.#held.delete(position);
    this.#hasLost = true;
  }

  /** This node gave the position back. @param ready when nothing but another ADD keeps it from being taken. */
  freed(position: bigint, ready: number): void {
    this.#held.delete(position);
    this.#cooling.push({ position, ready });
    if (this.#cooling.length > MOST_COOLING) this.#cooling.shift();
  }

  #nearby(): bigint | undefined {
    const last = this.#free.length - 1;
    if (!this.contested || last < 0) return this.#free.pop();
    const index = Math.floor(this.#random() * this.#free.length);
    const [chosen, end] = [this.#free[index], this.#free[last]];
    if (end !== undefined) this.#free[index] = end;
    this.#free.pop();
    return chosen;
  }

  #cooled(): bigint | undefined {
    const [oldest] = this.#cooling;
    if (oldest === undefined || oldest.ready > this.#now()) return undefined;
    this.#cooling.shift();
    return oldest.position;
  }
}
