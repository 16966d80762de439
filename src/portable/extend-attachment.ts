import { compareAddresses, parseAddress } from "../address/address.ts";
import { IMPORTED } from "../ipam/free/adopt.ts";
import type { AttachmentRecord, Holder, RecordTypes } from "../ipam/records.ts";
import { sameHolder } from "../ipam/same.ts";
import type { Versioned } from "../ipam/store-port.ts";
import type { PortableRecord } from "./document.ts";
import { isSameLease } from "./says-the-same.ts";

/** A record to write, perhaps in the place of one that was read. */
export interface ToWrite extends PortableRecord {
  /** The revision of the one that it replaces. */
  readonly over?: number;
}

/**
 * What an attachment becomes that an earlier import brought already, from another pool or by another configuration. What
 * the store has stays as it is, and the addresses come to it that it lacks.
 *
 * @returns "held" where it lacks none; undefined where it is somebody else's, or no import's.
 */
export function extendAttachment(
  brought: AttachmentRecord,
  { record: present, revision }: Versioned<AttachmentRecord>,
): { readonly record: AttachmentRecord; readonly over: number } | "held" | undefined {
  if (present.space !== brought.space || !isImported(brought) || !isSameLease(brought.holder, present.holder))
    return undefined;
  const lacking = brought.addresses.filter((address) => !present.addresses.includes(address));
  if (lacking.length === 0) return "held";
  if (!isImported(present)) return undefined;
  const rows = [
    ...rowsOf(present),
    ...rowsOf(brought).filter(({ address }) => lacking.includes(address)),
  ].sort((a, b) => compareAddresses(parseAddress(a.address), parseAddress(b.address)));
  const record = {
    ...present,
    addresses: rows.map(({ address }) => address),
    prefixes: rows.map(({ prefix }) => prefix),
    gateways: rows.map(({ gateway }) => gateway),
  };
  return { record, over: revision };
}

/** The same records, where allocations name their holders as the attachments that replace others do: by what the node has learnt. */
export function withKnownHolders(items: readonly ToWrite[]): ToWrite[] {
  const known = items.flatMap(({ over, record, ref }) =>
    over === undefined || ref.kind !== "attachment" ? [] : [(record as AttachmentRecord).holder],
  );
  if (known.length === 0) return [...items];
  const knownOf = (holder: Holder) => known.find((each) => sameHolder(each, holder)) ?? holder;
  return items.map((item) => {
    if (item.ref.kind !== "allocation") return item;
    const record = item.record as RecordTypes["allocation"];
    return { ...item, record: { ...record, holders: record.holders.map(knownOf) } };
  });
}

function isImported({ holder }: AttachmentRecord): boolean {
  return holder.requestId.startsWith(IMPORTED);
}

function rowsOf({ addresses, gateways, prefixes }: AttachmentRecord) {
  return addresses.map((address, index) => ({
    address,
    prefix: prefixes[index] ?? 0,
    gateway: gateways[index] ?? null,
  }));
}
