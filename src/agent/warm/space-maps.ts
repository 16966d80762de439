import type { Taken } from "../../ipam/foresight.ts";
import type { Log } from "../../ipam/ports.ts";
import type { Store } from "../../ipam/store-port.ts";
import { SpaceMap } from "./space-map.ts";

/** The maps of one store's spaces: each is begun when the first ADD asks for it. */
export class SpaceMaps {
  readonly #store: Store;
  readonly #log: Log;
  readonly #maps = new Map<string, SpaceMap>();

  constructor(store: Store, log: Log) {
    this.#store = store;
    this.#log = log;
  }

  /** The space's map; undefined until it is complete. */
  readonly takenIn = (space: string): Taken | undefined => {
    const map = this.#maps.get(space) ?? this.#begin(space);
    return map.complete ? map : undefined;
  };

  /** Addresses known to be taken, of all spaces. */
  get size(): number {
    return [...this.#maps.values()].reduce((sum, { size }) => sum + size, 0);
  }

  stop(): void {
    for (const map of this.#maps.values()) map.stop();
  }

  #begin(space: string): SpaceMap {
    const map = new SpaceMap(this.#store, space, this.#log);
    this.#maps.set(space, map);
    return map;
  }
}
