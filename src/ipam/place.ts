import type { OwnerFacts } from "./cluster-port.ts";
import type { AttachmentId, OwnerRecord, Place } from "./records.ts";

/**
 * What of its owner's an attachment is: one interface of one pod where pods of that owner come back, as the Nth or
 * under their names; else one interface of any of its pods.
 */
export function placeOf({ network, ifname }: AttachmentId, facts: OwnerFacts): Place {
  const slot = slotOf(facts);
  return { network, ifname, ...(slot !== undefined && { slot }) };
}

/** The owner's pod among its others; undefined where its pods are alike. */
export function slotOf({ owner, ordinal, place }: OwnerFacts): string | undefined {
  if (place !== undefined) return place;
  if (ordinal !== undefined) return String(ordinal);
  return ALONE.has(owner.kind) ? "" : undefined;
}

/** Owners with one pod at a time, whatever that is called. */
const ALONE: ReadonlySet<string> = new Set(["Pod", "VirtualMachine", "VirtualMachineInstance"]);

/** Whether both are the same interface of the same pod of an owner. */
export function samePlace(a: Place, b: Place): boolean {
  return a.network === b.network && a.ifname === b.ifname && a.slot === b.slot;
}

/** The addresses that an owner's record has for a place. */
export function addressesAt(record: Pick<OwnerRecord, "places">, place: Place): string[] {
  return Object.entries(record.places ?? {})
    .filter(([, each]) => samePlace(each, place))
    .map(([address]) => address);
}

/**
 * The addresses that a pod which comes back may have again at this place, the surest first: what it had there; what
 * an older program wrote down for its ordinal; what the same interface had while its network had another name.
 */
export function addressesToHaveAgain(record: OwnerRecord, place: Place): string[] {
  const { places = {}, slots = {} } = record;
  if (place.slot === undefined) return [];
  const older = (slots[place.slot] ?? []).filter((address) => places[address] === undefined);
  const renamed = Object.entries(places)
    .filter(
      ([, { network, ifname, slot }]) =>
        slot === place.slot && ifname === place.ifname && network !== place.network,
    )
    .map(([address]) => address);
  return [...addressesAt(record, place).reverse(), ...older, ...renamed];
}

/**
 * Whether an address of the owner may go to this place without taking another pod's: it was given there, or to nobody
 * that comes back. Of a StatefulSet's, only what was given there may: its ordinals were always told apart.
 */
export function isOpenTo(record: OwnerRecord, place: Place, facts: OwnerFacts): (address: string) => boolean {
  return (address) => {
    const known = record.places?.[address];
    if (known === undefined) return facts.ordinal === undefined;
    return known.slot === undefined
      ? place.slot === undefined || facts.ordinal === undefined
      : samePlace(known, place);
  };
}
