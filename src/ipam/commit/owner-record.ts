import type { OwnerFacts } from "../cluster-port.ts";
import { placeOf } from "../place.ts";
import { type OwnerRecord, type Place, RECORD_VERSION } from "../records.ts";
import type { AddRequest } from "../requests.ts";
import { sameOwner } from "../same.ts";

/**
 * The record of the asker's owner with these addresses at the asker's place. An address has one place: whoever had it
 * before within the owner has it no longer, so that the record is as long as its list of addresses.
 */
export function ownerRecordWith(
  { attachment, wish }: Pick<AddRequest, "attachment" | "wish">,
  current: OwnerRecord | undefined,
  addresses: readonly string[],
): OwnerRecord {
  const facts: OwnerFacts = wish.owner ?? { owner: { kind: "Pod", namespace: "", name: "" } };
  const inherited = current !== undefined && sameOwner(current.owner, facts.owner) ? current : undefined;
  return givenTo(inherited ?? { version: RECORD_VERSION, owner: facts.owner, addresses: [] }, facts, {
    place: placeOf(attachment, facts),
    addresses,
  });
}

/** What an ADD gave to one place of an owner. */
export interface Given {
  /** Absent where an older program did not write it down. */
  readonly place?: Place;
  readonly addresses: readonly string[];
}

/** The owner's record with what one place was given. */
export function givenTo(record: OwnerRecord, facts: OwnerFacts, { place, addresses }: Given): OwnerRecord {
  const places: Record<string, Place> = { ...record.places };
  if (place !== undefined) for (const address of addresses) places[address] = place;
  const slots = slotsWith(record, facts, addresses, places);
  return {
    version: RECORD_VERSION,
    owner: facts.owner,
    addresses: [...record.addresses, ...addresses.filter((address) => !record.addresses.includes(address))],
    ...(Object.keys(slots).length > 0 && { slots }),
    ...(Object.keys(places).length > 0 && { places }),
  };
}

/** By ordinal, all that the pod has, of all its interfaces: an older program tells those apart by their subnets. */
function slotsWith(
  { slots = {} }: OwnerRecord,
  { ordinal }: OwnerFacts,
  addresses: readonly string[],
  places: Readonly<Record<string, Place>>,
): Record<string, readonly string[]> {
  const kept = Object.entries(slots).flatMap(([slot, before]): [string, string[]][] => {
    const still = before.filter((address) => !addresses.includes(address));
    return still.length === 0 ? [] : [[slot, still]];
  });
  if (ordinal === undefined) return Object.fromEntries(kept);
  const key = String(ordinal);
  const further = (slots[key] ?? []).filter(
    (address) => !addresses.includes(address) && places[address]?.slot === key,
  );
  return { ...Object.fromEntries(kept), [key]: [...further, ...addresses] };
}
