import { type Address, compareAddresses, formatAddress, parseAddress } from "../../address/address.ts";
import { describeOwner } from "../../ipam/judge-reservation.ts";
import type {
  AllocationRecord,
  Holder,
  Owner,
  PodId,
  ReservationRecord,
  Retention,
} from "../../ipam/records.ts";
import type { Session } from "../open.ts";
import type { Column } from "../output.ts";

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

export const COLUMNS: readonly Column<Item>[] = [
  { title: "ADDRESS", of: addressText },
  { title: "STATE", of: ({ state }) => state },
  { title: "FOR", of: forWhom },
  { title: "NODE", of: (item) => (item.state === "allocated" ? item.node : undefined) },
  { title: "NETWORK", of: (item) => (item.state === "allocated" ? item.network : undefined) },
  { title: "CONTAINER", of: (item) => (item.state === "allocated" ? item.container : undefined) },
  { title: "INTERFACE", of: (item) => (item.state === "allocated" ? item.ifname : undefined) },
  { title: "KIND", of: (item) => (item.state === "allocated" ? item.origin : item.by), wide: true },
  {
    title: "RETAIN",
    of: (item) => (item.state === "reserved" ? retention(item.retain) : undefined),
    wide: true,
  },
  { title: "SPACE", of: ({ space }) => space, wide: true },
  { title: "SINCE", of: ({ since }) => since, wide: true },
];

/** Everything held or reserved, in the order of addresses. */
export async function allItems({ ports, options }: Session, space: string | undefined): Promise<Item[]> {
  const inSpace = space === undefined ? {} : { space };
  const items: Item[] = [];
  for await (const { ref, record } of ports.store.list({ kind: "allocation", ...inSpace }, options))
    items.push(...record.holders.map((holder) => heldItem(ref.space, ref.address, record, holder)));
  for await (const { ref, record } of ports.store.list({ kind: "reservation", ...inSpace }, options))
    items.push(reservedItem(ref.space, formatAddress(ref.address), record));
  for await (const { ref, record } of ports.store.list({ kind: "reservedRanges", ...inSpace }, options)) {
    for (const { first, last, reservation } of record.ranges)
      items.push({ ...reservedItem(ref.space, first, reservation), last });
  }
  return inOrder(items);
}

export function heldItem(space: string, address: Address, record: AllocationRecord, holder: Holder): Held {
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

export function forWhom(item: Item): string | undefined {
  if (item.state === "reserved") return describeOwner(item.owner);
  return item.pod && `${item.pod.namespace}/${item.pod.name}`;
}

/** "as long as the owner exists", in one word or a number of seconds. */
export function retention(retain: Retention): string {
  return typeof retain === "number" ? `${retain}s` : retain;
}

function addressText(item: Item): string {
  return item.state === "reserved" && item.last !== undefined ? `${item.address}-${item.last}` : item.address;
}

function inOrder(items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, address: parseAddress(item.address) }))
    .sort((a, b) => compareAddresses(a.address, b.address) || (a.item.space < b.item.space ? -1 : 1))
    .map(({ item }) => item);
}
