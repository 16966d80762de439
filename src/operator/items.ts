import { type Address, compareAddresses, formatAddress, parseAddress } from "../address/address.ts";
import { isHeldIn, isReservedIn, type NamespaceOf } from "../ipam/of-namespace.ts";
import type {
  AllocationRecord,
  Holder,
  Owner,
  PodId,
  ReservationRecord,
  Retention,
} from "../ipam/records.ts";
import type { ListOptions, Store } from "../ipam/store-port.ts";

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

/** Everything held or reserved, in the order of addresses; of one space, and of one Kubernetes namespace, where named. */
export async function allItems(
  store: Store,
  space: string | undefined,
  options: ListOptions,
  of?: NamespaceOf,
): Promise<Item[]> {
  const inSpace = space === undefined ? {} : { space };
  const items: Item[] = [];
  for await (const { ref, record } of store.list({ kind: "allocation", ...inSpace }, options))
    for (const holder of record.holders)
      if (of === undefined || isHeldIn(of, holder))
        items.push(heldItem(ref.space, ref.address, record, holder));
  for await (const { ref, record } of store.list({ kind: "reservation", ...inSpace }, options))
    if (of === undefined || isReservedIn(of, record))
      items.push(reservedItem(ref.space, formatAddress(ref.address), record));
  for await (const { ref, record } of store.list({ kind: "reservedRanges", ...inSpace }, options)) {
    for (const { first, last, reservation } of record.ranges)
      if (of === undefined || isReservedIn(of, reservation))
        items.push({ ...reservedItem(ref.space, first, reservation), last });
  }
  return inOrder(items);
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

function inOrder(items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, address: parseAddress(item.address) }))
    .sort((a, b) => compareAddresses(a.address, b.address) || (a.item.space < b.item.space ? -1 : 1))
    .map(({ item }) => item);
}
