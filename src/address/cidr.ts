import type { Address } from "./address.ts";

/** An address with a prefix length; `address` may have host bits (see `networkOf`). */
export interface Cidr {
  readonly address: Address;
  readonly prefix: number;
}
