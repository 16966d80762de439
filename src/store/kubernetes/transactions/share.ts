import type { Ref } from "../../../ipam/records.ts";
import type { Guard, Put } from "../../../ipam/store-port.ts";
import type { Content } from "../objects/content.ts";
import type { ObjectId } from "../objects/names.ts";
import type { NewObject, StoredObject } from "../objects/objects.ts";

/** What of a transaction concerns one object. */
export interface Share {
  readonly id: ObjectId;
  readonly guards: Guard[];
  readonly puts: Put[];
  readonly deletes: Ref[];
}

/** A write of one object that may have happened, and of which the guards on other objects were not looked at since. */
export interface Unsettled {
  readonly id: ObjectId;
  /** What was there before; undefined: nothing. */
  readonly before: StoredObject | undefined;
  /** What that held, as the transaction saw it. */
  readonly held: Content;
  /** What was to be there; undefined: nothing. */
  readonly after: NewObject | undefined;
  /** What must hold beside. */
  readonly compared: readonly Share[];
}
