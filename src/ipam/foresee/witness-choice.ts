import { BoundedMap } from "../bounded-map.ts";
import type { WitnessMemory } from "../foresight.ts";

/** No backup is restored as soon, in milliseconds: a holding that is younger proves nothing, and ends more often. */
const YOUNG_MS = 500;
/** ADDs guard the same one for so long, in milliseconds, so that they share a look at it. */
const SHARED_MS = 250;
const MOST_YOUNG = 4_096;
const MOST_SPACES = 64;

/** The memory of a process that serves many ADDs. */
export class WitnessChoice implements WitnessMemory {
  readonly #delivered = new BoundedMap<string, number>(MOST_YOUNG);
  readonly #chosen = new BoundedMap<string, { readonly witness: object; readonly at: number }>(MOST_SPACES);
  readonly #now: () => number;

  /** @param now milliseconds of a clock that only goes forward. */
  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  delivered(requestId: string): void {
    this.#delivered.set(requestId, this.#now());
  }

  of<W extends object>(
    space: string,
    choose: (isYoung: (requestId: string) => boolean) => W | undefined,
    isLiving: (witness: W) => boolean,
  ): W | undefined {
    const now = this.#now();
    const last = this.#chosen.get(space) as { readonly witness: W; readonly at: number } | undefined;
    if (last !== undefined && now - last.at < SHARED_MS && isLiving(last.witness)) return last.witness;
    const witness = choose((requestId) => now - (this.#delivered.get(requestId) ?? -YOUNG_MS) < YOUNG_MS);
    if (witness !== undefined) this.#chosen.set(space, { witness, at: now });
    return witness;
  }
}
