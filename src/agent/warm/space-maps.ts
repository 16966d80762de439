import type { Taken } from "../../ipam/foresight.ts";
import type { Log } from "../../ipam/ports.ts";
import type { Store } from "../../ipam/store-port.ts";
import { SpacePicture } from "./space-map.ts";

/** The pictures of one store's spaces: each is begun when the first ADD asks for it. */
export class SpacePictures {
  readonly #store: Store;
  readonly #log: Log;
  readonly #pictures = new Map<string, SpacePicture>();

  constructor(store: Store, log: Log) {
    this.#store = store;
    this.#log = log;
  }

  /** The space's picture; undefined as long as it is not complete. */
  readonly takenIn = (space: string): Taken | undefined => {
    const picture = this.#pictures.get(space) ?? this.#begin(space);
    return picture.complete ? picture : undefined;
  };

  /** Addresses known to be taken, of all spaces. */
  get size(): number {
    return [...this.#pictures.values()].reduce((sum, { size }) => sum + size, 0);
  }

  stop(): void {
    for (const picture of this.#pictures.values()) picture.stop();
  }

  #begin(space: string): SpacePicture {
    const picture = new SpacePicture(this.#store, space, this.#log);
    this.#pictures.set(space, picture);
    return picture;
  }
}
