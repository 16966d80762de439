import { type Address, compareAddresses, formatAddress, parseAddress } from "../../address/address.ts";
import { type Interval, isWithin } from "../../address/interval.ts";
import { whyNotAllowed } from "../../address/not-allowed.ts";
import { type RangeSet, rangeOf } from "../../address/range.ts";
import { addressesToHaveAgain, isOpenTo, placeOf } from "../place.ts";
import type { OwnerRecord } from "../records.ts";
import type { AddRequest } from "../requests.ts";
import { sameOwner } from "../same.ts";

/** What a pod asks of one range set through its workload. */
export interface SetRequest {
  readonly request: AddRequest;
  readonly set: RangeSet;
  readonly setIndex: number;
  /** Addresses of the network's other range sets. */
  readonly others: readonly Interval[];
}

/**
 * All of the owner's addresses that this range set can give. A workload that was created again under its name does
 * not simply inherit: its reservations are judged first.
 */
export function ownedIn(asked: SetRequest, owner: OwnerRecord | undefined): Address[] {
  return isAskers(asked, owner)
    ? owner.addresses.map(parseAddress).filter(belongsTo(asked)).sort(compareAddresses)
    : [];
}

/**
 * What the pod had at this place, and this range set may still give it; undefined where it had nothing, or where that
 * has been excluded, has become a gateway or lies outside of the subnets by now.
 */
export function rememberedIn(asked: SetRequest, owner: OwnerRecord | undefined): Address | undefined {
  const { attachment, network, wish } = asked.request;
  if (owner === undefined || wish.owner === undefined) return undefined;
  return addressesToHaveAgain(owner, placeOf(attachment, wish.owner))
    .map(parseAddress)
    .filter(belongsTo(asked))
    .find((address) => whyNotAllowed(network, address) === undefined);
}

/** The owner's addresses that wait for other pods of it, which come back as the Nth or under their names. */
export function waitingForOthers(asked: SetRequest, owner: OwnerRecord | undefined): Address[] {
  return partOf(asked, owner, false);
}

/** The owner's addresses that wait for nobody else. */
export function openToAsker(asked: SetRequest, owner: OwnerRecord | undefined): Address[] {
  return partOf(asked, owner, true);
}

function partOf(asked: SetRequest, owner: OwnerRecord | undefined, open: boolean): Address[] {
  const { attachment, wish } = asked.request;
  if (wish.owner === undefined || owner === undefined) return [];
  const isOpen = isOpenTo(owner, placeOf(attachment, wish.owner), wish.owner);
  const byText = new Set(owner.addresses.filter((text) => isOpen(text) === open));
  return ownedIn(asked, owner).filter((address) => byText.has(formatAddress(address)));
}

function isAskers({ request }: SetRequest, owner: OwnerRecord | undefined): owner is OwnerRecord {
  const asker = request.wish.owner?.owner;
  return owner !== undefined && asker !== undefined && sameOwner(owner.owner, asker);
}

function belongsTo({ set, others }: SetRequest) {
  return (address: Address) => rangeOf(set, address) !== undefined && !isWithin(address, others);
}
