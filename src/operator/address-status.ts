import { type Address, formatAddress } from "../address/address.ts";
import { namespaceStateOf } from "../ipam/evidence/may-free.ts";
import type { Ports } from "../ipam/ports.ts";
import type { AllocationRecord, Holder, ReservationRecord, ReservedRange } from "../ipam/records.ts";
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
  readonly cooling: boolean;
  /** By container: of holders on this node, whether their namespace lives. */
  readonly namespaces?: Readonly<Record<string, string>>;
}

/** Reads all about one address in one space, in one round trip. @throws StoreFailure */
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
    cooling,
    ...(own.length > 0 && { namespaces: Object.fromEntries(own.map(namespaceOf)) }),
  };
}

function stateOf(allocation: unknown, reservation: unknown, cooling: boolean): AddressStatus["state"] {
  if (allocation !== undefined) return "allocated";
  if (reservation !== undefined) return "reserved";
  return cooling ? "cooling" : "free";
}
