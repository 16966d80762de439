import { type Address, formatAddress } from "../address/address.ts";
import type {
  AllocationRecord,
  Holder,
  Owner,
  PodId,
  ReservationRecord,
  ReservedRange,
  Retention,
} from "../ipam/records.ts";

/** One line of `ip list`: an attachment that has an address, or a reservation. Programs read these fields. */
export type Item = Held | Reserved;

export interface Held {
  readonly state: "allocated";
  readonly address: string;
  readonly space: string;
  readonly network: string;
  readonly container: string;
  readonly ifname: string;
  readonly pod?: PodId;
  readonly node: string;
  readonly origin: AllocationRecord["origin"];
  readonly since: string;
  readonly cluster?: string;
}

export interface Reserved {
  readonly state: "reserved";
  readonly address: string;
  /** Of a range: its last address; `address` is its first. */
  readonly last?: string;
  readonly space: string;
  readonly owner: Owner;
  readonly by: ReservationRecord["kind"];
  readonly retain: Retention;
  readonly note?: string;
  readonly since: string;
  readonly cluster?: string;
}

/** The items of an address that is held: one for each holder. */
export function heldItems(space: string, address: Address, record: AllocationRecord): Held[] {
  return record.holders.map((holder) => heldItem(space, address, record, holder));
}

/** The item of a reserved address. */
export function reservationItem(space: string, address: Address, record: ReservationRecord): Reserved {
  return reservedItem(space, formatAddress(address), record);
}

/** The item of a reserved range. */
export function rangeItem(space: string, { first, last, reservation }: ReservedRange): Reserved {
  return { ...reservedItem(space, first, reservation), last };
}

export function reservedItem(space: string, address: string, record: ReservationRecord): Reserved {
  const { owner, kind, retain, note, since, cluster } = record;
  return {
    state: "reserved",
    address,
    space,
    owner,
    by: kind,
    retain,
    ...(note !== undefined && { note }),
    since,
    ...(cluster !== undefined && { cluster }),
  };
}

/** The Kubernetes namespace that an item belongs to: its pod's, or its owner's; "" where it has none. */
export function namespaceOf(item: Item): string {
  return (item.state === "allocated" ? item.pod?.namespace : item.owner.namespace) ?? "";
}

/** Whether it is a pod's, or reserved under its name; `pod` is a name, or namespace/name. */
export function isOf(item: Item, pod: string): boolean {
  const named = item.state === "allocated" ? item.pod : item.owner;
  if (named === undefined) return false;
  return pod.includes("/") ? `${named.namespace}/${named.name}` === pod : named.name === pod;
}

function heldItem(space: string, address: Address, record: AllocationRecord, holder: Holder): Held {
  const { attachment, pod, node, cluster } = holder;
  return {
    state: "allocated",
    address: formatAddress(address),
    space,
    ...attachment,
    ...(pod && { pod }),
    node,
    origin: record.origin,
    since: record.since,
    ...(cluster !== undefined && { cluster }),
  };
}
