import { type Address, formatAddress } from "../../address/address.ts";
import type { Ports } from "../../ipam/ports.ts";
import type { AllocationRecord, Ref, ReservationRecord } from "../../ipam/records.ts";
import { refsAround, refTo } from "../../ipam/ref-to.ts";
import { reservedRangesAt } from "../../ipam/reserve/reserved-ranges.ts";
import type { CallOptions } from "../../ipam/store-port.ts";
import { inTime } from "./in-time.ts";

/** An address in one address space. */
export interface Place {
  readonly address: Address;
  readonly space: string;
}

export interface AddressRecords {
  readonly allocation?: AllocationRecord;
  /** Of the address itself, else of a range around it. */
  readonly reservation?: ReservationRecord;
}

/** Places whose records are read at once: two parts each and the space's ranges, within the 128 of one read. */
const PER_READ = 40;

/**
 * Reads who has, or will have, all of these: one after the other would cost as many round trips, of a controller that
 * answers everybody.
 *
 * @throws StoreFailure; IpamError tryAgain after the deadline.
 */
export async function readRecords(
  places: readonly Place[],
  { store }: Pick<Ports, "store">,
  options: CallOptions,
): Promise<(place: Place) => AddressRecords> {
  const found = new Map<string, AddressRecords>();
  for (let start = 0; start < places.length; start += PER_READ) {
    await inTime(options.deadline);
    const part = places.slice(start, start + PER_READ);
    const ranges = new Map(part.map(({ space }) => [space, refTo.reservedRanges(space)]));
    const refs: Ref[] = part.flatMap(({ address, space }) => refsAround(space, address).slice(0, 2));
    const snapshot = await store.read({ refs: [...refs, ...ranges.values()] }, options);
    for (const { address, space } of part) {
      const [allocationRef, reservationRef] = refsAround(space, address);
      const allocation = snapshot.get(allocationRef)?.record;
      const [range] = reservedRangesAt(snapshot.get(refTo.reservedRanges(space))?.record, address);
      const reservation = snapshot.get(reservationRef)?.record ?? range?.reservation;
      found.set(keyOf({ address, space }), {
        ...(allocation && { allocation }),
        ...(reservation && { reservation }),
      });
    }
  }
  return (place) => found.get(keyOf(place)) ?? {};
}

function keyOf({ address, space }: Place): string {
  return `${space} ${formatAddress(address)}`;
}
