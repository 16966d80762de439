import { BoundedMap } from "../../../ipam/bounded-map.ts";
import type { RefOf } from "../../../ipam/records.ts";
import { type ObjectId, objectKey } from "../objects/names.ts";
import type { Objects, StoredObject } from "../objects/objects.ts";
import { Expiry } from "./expiry.ts";
import { Homes } from "./homes.ts";
import type { Unsettled } from "./share.ts";
import { SharedGets } from "./shared-gets.ts";

/** What one open store remembers between its calls. */
export interface Session {
  readonly objects: Objects;
  /** The newest state of objects that was seen, for the next write: it is guarded, so that an old one costs a try. */
  readonly seen: SeenObjects;
  readonly homes: Homes;
  readonly expiry: Expiry;
  readonly shared: SharedGets;
  /**
   * Attachments by the name of the address that holds them, as a listing of all has shown and a watch has told since:
   * an object that is changed does not say what it held. Empty where nobody lists all.
   */
  readonly attachments: Map<string, readonly RefOf<"attachment">[]>;
  /** Writes of which it is not known whether they happened. */
  readonly unsettled: Set<Unsettled>;
  /** An ID that nobody else has. */
  readonly newId: () => string;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** A number in [0, 1): whoever waits for another does not wait as long as that one. */
  readonly random: () => number;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
}

/** Of some hundred objects; each is about two KiB. */
const MOST_SEEN = 512;

export function openSession(objects: Objects, given: Partial<Session> = {}): Session {
  const now = given.now ?? (() => performance.now());
  return {
    objects,
    seen: new SeenObjects(MOST_SEEN),
    homes: new Homes(),
    expiry: new Expiry(now),
    shared: new SharedGets(objects),
    attachments: new Map(),
    unsettled: new Set(),
    newId: () => crypto.randomUUID(),
    random: () => Math.random(),
    sleep: (milliseconds) => Bun.sleep(milliseconds),
    now,
    ...given,
  };
}

class SeenObjects {
  readonly #objects: BoundedMap<string, StoredObject>;

  constructor(limit: number) {
    this.#objects = new BoundedMap(limit);
  }

  get(id: ObjectId): StoredObject | undefined {
    return this.#objects.get(objectKey(id));
  }

  /** Remembers what was read or written; undefined: it is not there. */
  set(id: ObjectId, object: StoredObject | undefined): void {
    if (object === undefined) this.#objects.delete(objectKey(id));
    else this.#objects.set(objectKey(id), object);
  }
}
