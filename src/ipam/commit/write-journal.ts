import { formatAddress } from "../../address/address.ts";
import type { JournalEntry, ReservedFor } from "../node-port.ts";
import { type AttachmentRecord, RECORD_VERSION } from "../records.ts";
import type { Attempt } from "../view/attempt.ts";
import type { Pick as Picked } from "../view/pick.ts";

/** What the journal knows beside the record: the store, and for whom addresses of it were reserved. */
type More = Pick<JournalEntry, "storeUuid" | "reservedFor">;

/**
 * Before the commit: a process that dies right after it leaves a trace to reclaim by, and a store
 * that loses the record gets it back from here (docs/recovery.md).
 */
export function writeJournal(attempt: Attempt, record: AttachmentRecord, more: More): void {
  attempt.ports.node.journal.write(entryOf(attempt, record, more));
}

/** As `writeJournal`, for an attachment that has no entry. @returns false where it has one, which stays. */
export function beginJournal(attempt: Attempt, record: AttachmentRecord, more: More): boolean {
  return attempt.ports.node.journal.begin(entryOf(attempt, record, more));
}

function entryOf(attempt: Attempt, record: AttachmentRecord, more: More): JournalEntry {
  const { space, addresses, prefixes, gateways, origin, endsReservations, holder } = record;
  return {
    version: RECORD_VERSION,
    holder: { ...holder, requestId: attempt.requestId },
    space,
    addresses,
    prefixes,
    gateways,
    origin,
    ...(endsReservations && { endsReservations }),
    ...more,
  };
}

/** What an ADD of these addresses reserves, and for whom. */
export function reservedFor(
  { request }: Attempt,
  picks: readonly Picked[],
): { readonly reservedFor?: ReservedFor } {
  const { owner: facts, retain } = request.wish;
  const lasting = picks.filter(({ origin }) => origin !== "dynamic");
  if (facts === undefined || lasting.length === 0) return {};
  const { owner, ordinal } = facts;
  const addresses = lasting.map(({ address }) => formatAddress(address));
  return { reservedFor: { owner, retain, addresses, ...(ordinal !== undefined && { ordinal }) } };
}
