import type { Line } from "../command-line/output.ts";
import type { Released } from "../ipam/free/operator-release.ts";
import type { Owner, ReservationRecord, Retention } from "../ipam/records.ts";
import type { ReservationDone } from "../ipam/reserve/reservation-request.ts";
import type { AddressStatus } from "./address-status.ts";
import type { InSpace } from "./addresses.ts";
import type { Item } from "./items.ts";

/** The operators' API as it goes over the wire, for the controller that serves it and `kubectl ipam`. */
export const GROUP = "ipam.kube-ipam.io";
export const VERSION = "v1";
export const API_VERSION = `${GROUP}/${VERSION}`;
export const ROOT = `/apis/${API_VERSION}`;

interface ObjectOf<K extends string> {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: K;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** One held or reserved address, in a list. */
export interface ListedAddress extends ObjectOf<"Address"> {
  readonly item: Item;
}

export interface AddressList {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: "AddressList";
  /** `continue`: there is more, which the same list with `continue` gives. */
  readonly metadata: { readonly continue?: string };
  readonly items: readonly ListedAddress[];
}

/** One address, seen in every space that knows it. */
export interface SeenAddress extends ObjectOf<"Address"> {
  /** One for each space; v1 of the API calls them so. */
  readonly sights: readonly AddressStatus[];
}

/** POST …/reservations. */
export interface ReservationSpec {
  /** An address, or first-last. */
  readonly address: string;
  readonly space?: string;
  readonly owner: Owner;
  readonly retain: Retention;
  readonly note?: string;
  readonly evenIfHeld?: boolean;
}

export interface Reservation extends ObjectOf<"Reservation"> {
  readonly spec: ReservationSpec;
  readonly status: InSpace<ReservationDone>;
}

/** The answer to DELETE …/reservations/ADDRESS. */
export interface EndedReservation extends ObjectOf<"Reservation"> {
  readonly status: InSpace<{ readonly reservation: ReservationRecord }>;
}

/** POST …/releases. */
export interface ReleaseSpec {
  readonly address: string;
  readonly space?: string;
  readonly force?: boolean;
  readonly container?: string;
}

export interface Release extends ObjectOf<"Release"> {
  readonly spec: ReleaseSpec;
  readonly status: InSpace<{ readonly released: readonly Released[] }>;
}

/** GET …/pods/NAME/why: for programs, and as lines for people. */
export interface Why extends ObjectOf<"Why"> {
  readonly answer: object;
  readonly sections: readonly (readonly Line[])[];
}
