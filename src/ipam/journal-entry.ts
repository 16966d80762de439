import { parseAddress } from "../address/address.ts";
import type { JournalEntry, ReservedFor } from "./node-port.ts";
import { type AttachmentRecord, type Holder, type MetaRecord, RECORD_VERSION } from "./records.ts";
import type { Store, StoreDescription } from "./store-port.ts";

/** An attachment that lives on this node, and the record that the store must have of it. */
export interface LivingAttachment {
  readonly record: AttachmentRecord;
  readonly reservedFor?: ReservedFor;
}

/**
 * The attachment of a journal entry. An entry of an older program has no prefixes and gateways: hosts'
 * prefixes and null stand in.
 */
export function livingOf(entry: JournalEntry): LivingAttachment {
  const { addresses, space, holder, prefixes, gateways, origin, endsReservations, reservedFor } = entry;
  return {
    record: {
      version: RECORD_VERSION,
      space,
      addresses,
      prefixes: prefixes ?? addresses.map((text) => (parseAddress(text).family === 4 ? 32 : 128)),
      gateways: gateways ?? addresses.map(() => null),
      origin: origin ?? "dynamic",
      ...(endsReservations && { endsReservations }),
      holder,
    },
    ...(reservedFor && { reservedFor }),
  };
}

/**
 * The journal entry of an attachment: by it the node notices the attachment's end, and writes its
 * record again into a store that lost it.
 *
 * @param store where it was written; absent where the caller did not ask the store.
 */
export function journalEntryOf(
  { record, reservedFor }: LivingAttachment,
  store: StoreOfEntry = { storeUuid: "" },
): JournalEntry {
  const { space, addresses, prefixes, gateways, origin, endsReservations, holder } = record;
  return {
    version: RECORD_VERSION,
    holder,
    space,
    addresses,
    ...store,
    prefixes,
    gateways,
    origin,
    ...(endsReservations && { endsReservations }),
    ...(reservedFor && { reservedFor }),
  };
}

type StoreOfEntry = Pick<JournalEntry, "storeUuid" | "storeLocation">;

/** The store of a journal entry. */
export function storeOf(
  { uuid }: Pick<MetaRecord, "uuid">,
  { description }: Pick<Store, "description">,
): StoreOfEntry {
  return { storeUuid: uuid, storeLocation: locationOf(description) };
}

/** Tells stores apart that one node uses at once, before anything is read of them. */
export function locationOf({ kind, location, place = location, prefix }: StoreDescription): string {
  return [kind, place, prefix].join(" ");
}

const EVIDENCE = "evidence:";

/**
 * Stands for a container that is known from its pod's status alone. A recovery also takes it for the request ID of
 * the record that it makes of that, until the pod's node answers.
 */
export function evidenceId(podUid: string, address: string): string {
  return `${EVIDENCE}${podUid}:${address}`;
}

/** Whether a recovery made this holder's record from a pod's status alone. */
export function isEvidence({ requestId }: Holder): boolean {
  return requestId.startsWith(EVIDENCE);
}

/** Whether only the pod of this holder is known, not its container. */
export function isContainerUnknown({ attachment }: Holder): boolean {
  return attachment.container.startsWith(EVIDENCE);
}
