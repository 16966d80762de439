import type { Neighbourhood } from "../foresight.ts";

/** No ADD of this process runs longer, in milliseconds: what it took and never told of is forgotten. */
const RUNNING_MS = 60_000;
/** How many cooling positions are remembered; the oldest are forgotten, and found again by a read. */
const MOST_COOLING = 512;
/** After a race that was lost for a position that should have cooled down, in milliseconds. */
const REST_MS = 10_000;
/** So long nobody looks whether another node has given back what was taken of a full pool, in milliseconds. */
const FULL_MS = 30_000;
/** How many positions that own ADDs have won are remembered since the last read. */
const MOST_WON = 4096;
/** So many addresses that others took since the last read are a neighbour's. */
const SEVERAL = 3;
/** After so many races without a lost one, no neighbour is expected. */
const CALM = 64;

/** A position that an ADD of this process has taken. */
type Held = { readonly until: number; readonly cooled: boolean } | { readonly revision: number };

/** What a node knows of one pool: a place of bounded size, and what it gave back itself. */
export class KnownNeighbourhood implements Neighbourhood {
  contested = false;
  /** How many races were won since the last one that was lost. */
  #wins = 0;
  /** The next one to take is the last. */
  #free: bigint[] = [];
  readonly #held = new Map<bigint, Held>();
  readonly #cooling: { readonly position: bigint; readonly ready: number }[] = [];
  /** A race was lost since the last read, which tells who has won it. */
  #hasLost = false;
  /** Until when nothing that has cooled down is tried. */
  #restUntil = Number.NEGATIVE_INFINITY;
  #fullUntil = Number.NEGATIVE_INFINITY;
  readonly #random: () => number;
  readonly #now: () => number;

  /** @param now milliseconds of a clock of this process. */
  constructor(random: () => number, now = () => performance.now()) {
    this.#random = random;
    this.#now = now;
  }

  get calm(): boolean {
    return this.#wins >= CALM;
  }

  get full(): boolean {
    return this.#now() < this.#fullUntil;
  }

  /**
   * While this node is alone here, in order, as a person expects; what it gave back itself comes last, once it
   * has cooled down. Among neighbours that comes first, because they do not know of it; then at random, so that
   * nobody chases the same address (FLAT).
   */
  take(usable: (position: bigint) => boolean): bigint | undefined {
    for (;;) {
      const first = this.contested ? this.#cooled() : undefined;
      const nearby = first ?? this.#nearby();
      const position = nearby ?? this.#cooled();
      if (position === undefined) return undefined;
      if (this.#held.has(position) || !usable(position)) continue;
      const cooled = first !== undefined || nearby === undefined;
      this.#held.set(position, { until: this.#now() + RUNNING_MS, cooled });
      return position;
    }
  }

  learn(free: Iterable<bigint>, revision: number): void {
    // What this node has taken itself, for another network too, is no neighbour's.
    const believed = this.#free.filter((position) => !this.#held.has(position));
    for (const [position, held] of this.#held) {
      if ("revision" in held ? held.revision <= revision : held.until < this.#now())
        this.#held.delete(position);
    }
    this.#free = [...free].filter((position) => !this.#held.has(position)).reverse();
    if (this.#free.length > 0) this.#fullUntil = Number.NEGATIVE_INFINITY;
    if (this.#hasLost) this.#meetNeighbours(believed);
    this.#hasLost = false;
  }

  learnFull(): void {
    this.#fullUntil = this.#now() + FULL_MS;
  }

  /** One address in the way may be a fixed one. Several at once are a neighbour's. */
  #meetNeighbours(believed: readonly bigint[]): void {
    const known = new Set(this.#free);
    if (believed.filter((position) => !known.has(position)).length < SEVERAL) return;
    this.contested = true;
  }

  /** An ADD of this process has taken this position, at this revision. */
  won(position: bigint, revision: number): void {
    this.#held.set(position, { revision });
    this.#wins += 1;
    if (this.calm) this.contested = false;
    const [oldest] = this.#held.keys();
    if (this.#held.size > MOST_WON && oldest !== undefined) this.#held.delete(oldest);
  }

  lost(position: bigint): void {
    const held = this.#held.get(position);
    // A store may let things cool longer, as after an election: not each of them is to be tried.
    if (held !== undefined && "cooled" in held && held.cooled) this.#restUntil = this.#now() + REST_MS;
    this.#held.delete(position);
    this.#hasLost = true;
    this.#wins = 0;
  }

  giveBack(position: bigint): void {
    const held = this.#held.get(position);
    if (held === undefined || "revision" in held) return;
    this.#held.delete(position);
    if (held.cooled) this.#cooling.unshift({ position, ready: this.#now() });
    else this.#free.push(position);
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
    if (oldest === undefined || Math.max(oldest.ready, this.#restUntil) > this.#now()) return undefined;
    this.#cooling.shift();
    return oldest.position;
  }
}
