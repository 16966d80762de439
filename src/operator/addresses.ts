import type { Address } from "../address/address.ts";
import type { Interval } from "../address/interval.ts";
import type { Released } from "../ipam/free/operator-release.ts";
import type { Owner, ReservationRecord, Retention } from "../ipam/records.ts";
import type { ReservationDone } from "../ipam/reserve/reservation-request.ts";
import type { AddressStatus } from "./address-status.ts";
import type { ItemQuery } from "./item-query.ts";
import type { Listened, Placed } from "./list-items.ts";

/**
 * What an operator can ask and change: on the store itself, or through the controller. Where no space
 * is named, questions mean all spaces, and changes the configured one. Every method throws IpamError or
 * StoreFailure.
 */
export interface Addresses {
  /** What is held or reserved, in the order of addresses, as it is read. `how` as a `Listing` says. */
  items(query: ItemQuery, how?: Listened): AsyncIterable<Placed>;
  /** What is known of one address, once for each space. */
  status(address: Address, space?: string): Promise<AddressStatus[]>;
  reserve(interval: Interval, options: ReserveOptions): Promise<InSpace<ReservationDone>>;
  unreserve(interval: Interval, space?: string): Promise<InSpace<Unreserved>>;
  release(
    address: Address,
    options: ReleaseOptions,
  ): Promise<InSpace<{ readonly released: readonly Released[] }>>;
}

export type InSpace<T> = T & { readonly space: string };

export interface ReserveOptions {
  readonly space?: string;
  readonly owner: Owner;
  readonly retain: Retention;
  readonly note?: string;
  /** Also where another pod holds it now; that pod keeps it until it ends. */
  readonly evenIfHeld: boolean;
}

export interface Unreserved {
  /** The reservation that was ended; absent where none was there. */
  readonly reservation?: ReservationRecord;
}

export interface ReleaseOptions {
  readonly space?: string;
  /** Releases without evidence that the holder is gone. */
  readonly force: boolean;
  /** Only this container's hold. */
  readonly container?: string;
}
