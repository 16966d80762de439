import { type Address, formatAddress } from "../address/address.ts";
import { namespaceStateOf } from "../ipam/evidence/may-free.ts";
import { addressesAt } from "../ipam/place.ts";
import type { Ports } from "../ipam/ports.ts";
import type {
  AllocationRecord,
  Holder,
  Owner,
  Place,
  ReservationRecord,
  ReservedRange,
} from "../ipam/records.ts";
import { refsAround, refTo } from "../ipam/ref-to.ts";
import { reservedRangesAt } from "../ipam/reserve/reserved-ranges.ts";
import type { CallOptions } from "../ipam/store-port.ts";

/** Everything the store holds about one address in one space. Programs read these fields. */
export interface AddressStatus {
  readonly address: string;
  readonly space: string;
  readonly state: "allocated" | "reserved" | "cooling" | "free";
  readonly allocation?: AllocationRecord;
  readonly reservation?: ReservationRecord;
  readonly reservedRange?: ReservedRange;
  /** Of a reserved address, what of its owner's it was given to, and what else is there now. */
  readonly place?: AddressPlace;
  readonly cooling: boolean;
  /** By container: of holders on this node, whether their namespace lives. */
  readonly namespaces?: Readonly<Record<string, string>>;
}

/** What of its owner's an address was given to. */
export interface AddressPlace extends Place {
  /** Other addresses of this place: what its pod was given besides, or instead. */
  readonly others: readonly string[];
}

/** Reads all about one address in one space, and the record of whom it is reserved for. @throws StoreFailure */
export async function readAddressStatus(
  address: Address,
  space: string,
  ports: Pick<Ports, "store" | "node">,
  options: CallOptions,
): Promise<AddressStatus> {
  const refs = refsAround(space, address);
  const rangesRef = refTo.reservedRanges(space);
  const snapshot = await ports.store.read({ refs: [...refs, rangesRef] }, options);
  const allocation = snapshot.get(refs[0])?.record;
  const reservation = snapshot.get(refs[1])?.record;
  const cooling = snapshot.get(refs[2]) !== undefined;
  const reservedRange = reservedRangesAt(snapshot.get(rangesRef)?.record, address).at(0);
  const place =
    reservation && (await readPlace(formatAddress(address), space, reservation.owner, ports, options));
  const own = allocation?.holders.filter((holder) => ports.node.relationTo(holder) !== "other") ?? [];
  const namespaceOf = (holder: Holder) =>
    [holder.attachment.container, namespaceStateOf(holder, ports)] as const;
  return {
    address: formatAddress(address),
    space,
    state: stateOf(allocation, reservation ?? reservedRange, cooling),
    ...(allocation && { allocation }),
    ...(reservation && { reservation }),
    ...(reservedRange && { reservedRange }),
    ...(place && { place }),
    cooling,
    ...(own.length > 0 && { namespaces: Object.fromEntries(own.map(namespaceOf)) }),
  };
}

async function readPlace(
  address: string,
  space: string,
  owner: Owner,
  { store }: Pick<Ports, "store">,
  options: CallOptions,
): Promise<AddressPlace | undefined> {
  const ref = refTo.owner(space, owner);
  const record = (await store.read({ refs: [ref] }, options)).get(ref)?.record;
  const place = record?.places?.[address];
  if (record === undefined || place === undefined) return undefined;
  return { ...place, others: addressesAt(record, place).filter((each) => each !== address) };
}

function stateOf(allocation: unknown, reservation: unknown, cooling: boolean): AddressStatus["state"] {
  if (allocation !== undefined) return "allocated";
  if (reservation !== undefined) return "reserved";
  return cooling ? "cooling" : "free";
}
