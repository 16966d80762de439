import { parseAddress } from "../../address/address.ts";
import type { Pool } from "../../address/pool.ts";
import { poolKey } from "../../address/pool-key.ts";
import { BoundedMap } from "../bounded-map.ts";
import type { Ending, Neighbourhoods } from "../foresight.ts";
import { KnownNeighbourhood } from "./neighbourhood.ts";

/** How many pools a process knows a place in. Each costs some tens of KiB at most. */
const POOLS = 256;

interface Known {
  readonly space: string;
  readonly pool: Pool;
  readonly neighbourhood: KnownNeighbourhood;
}

/** The neighbourhoods of a process that serves many ADDs of one node. Keeps everything in memory. */
export class WarmNeighbourhoods implements Neighbourhoods {
  readonly #known = new BoundedMap<string, Known>(POOLS);
  readonly #random: () => number;
  readonly #now: () => number;

  constructor(random: () => number = Math.random, now = () => performance.now()) {
    this.#random = random;
    this.#now = now;
  }

  of(space: string, pool: Pool): KnownNeighbourhood {
    const key = `${space} ${poolKey(pool)}`;
    const known = this.#known.get(key) ?? {
      space,
      pool,
      neighbourhood: new KnownNeighbourhood(this.#random, this.#now),
    };
    this.#known.set(key, known);
    return known.neighbourhood;
  }

  ended(space: string, addresses: readonly string[], ending: Ending): void {
    for (const { position, neighbourhood } of this.#around(space, addresses)) {
      if (ending === "lost") neighbourhood.lost(position);
      else neighbourhood.won(position, ending.won);
    }
  }

  freed(space: string, addresses: readonly string[], coolingSeconds: number): void {
    const ready = this.#now() + longestCooling(coolingSeconds);
    for (const { position, neighbourhood } of this.#around(space, addresses))
      neighbourhood.freed(position, ready);
  }

  *#around(space: string, addresses: readonly string[]) {
    for (const text of addresses) {
      const address = parseAddress(text);
      for (const [, known] of this.#known.entries()) {
        const position = known.space === space ? known.pool.positionOf(address) : undefined;
        if (position !== undefined) yield { position, neighbourhood: known.neighbourhood };
      }
    }
  }
}

/** Milliseconds after which a record that was written for so many seconds is gone: leases are shared, and end late. */
function longestCooling(seconds: number): number {
  return seconds === 0 ? 0 : (seconds * 7000) / 6 + 2000;
}
