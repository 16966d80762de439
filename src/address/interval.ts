import type { Address } from "./address.ts";

/** All addresses from `first` to `last`, both included; one family; first <= last. */
export interface Interval {
  readonly first: Address;
  readonly last: Address;
}
