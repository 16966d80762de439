import type { Address } from "../address/address.ts";
import type { Interval } from "../address/interval.ts";
import type { Released } from "../ipam/free/operator-release.ts";
import type { Owner, ReservationRecord, Retention } from "../ipam/records.ts";
import type { ReservationDone } from "../ipam/reserve/reservation-request.ts";
import type { Sight } from "./address-status.ts";
import type { Item } from "./items.ts";

/**
 * What an operator may ask and do, whichever way it is reached: on the store itself, or through the
 * controller. Where a space is left out, questions mean all of them, and deeds the configured one.
 * Every method throws IpamError or StoreFailure.
 */
export interface Addresses {
  /** Everything held or reserved, in the order of addresses. */
  items(space?: string): Promise<Item[]>;
  /** What is known of one address, once for each space. */
  sights(address: Address, space?: string): Promise<Sight[]>;
  reserve(interval: Interval, wish: ReserveWish): Promise<InSpace<ReservationDone>>;
  unreserve(interval: Interval, space?: string): Promise<InSpace<Unreserved>>;
  release(address: Address, wish: ReleaseWish): Promise<InSpace<{ readonly released: readonly Released[] }>>;
}

export type InSpace<T> = T & { readonly space: string };

export interface ReserveWish {
  readonly space?: string;
  readonly owner: Owner;
  readonly retain: Retention;
  readonly note?: string;
  /** Also where another has it now; that one keeps it until it ends. */
  readonly evenIfHeld: boolean;
}

export interface Unreserved {
  /** The reservation that was ended; absent where none was there. */
  readonly reservation?: ReservationRecord;
}

export interface ReleaseWish {
  readonly space?: string;
  /** The operator takes the place of the evidence. */
  readonly force: boolean;
  /** Only this container's hold. */
  readonly container?: string;
}
