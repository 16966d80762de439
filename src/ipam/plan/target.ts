import type { Address } from "../../address/address.ts";
import type { Pool } from "../../address/pool.ts";
import type { Range, RangeSet } from "../../address/range.ts";
import type { Origin } from "../records.ts";

/** What an ADD wants from one range set. */
export type Target = NamedTarget | OpenTarget;

/** Exactly this address, or an error. */
export interface NamedTarget {
  readonly kind: "named";
  readonly range: Range;
  readonly address: Address;
  readonly prefix: number;
  readonly gateway?: Address;
  readonly origin: Origin;
  /** The annotation or parameter that named it, for messages. */
  readonly source: string;
  /** What to take where an operator has reserved the address for somebody else since. */
  readonly otherwise?: OpenTarget;
}

/** Any free address of these pools, the earlier pools first. */
export interface OpenTarget {
  readonly kind: "open";
  /** Index of the range set in the network, for messages. */
  readonly setIndex: number;
  readonly set: RangeSet;
  readonly pools: readonly Pool[];
  readonly origin: Origin;
  /** Reserved addresses that the asker may take, because its owner has them. */
  readonly own: readonly Address[];
}
