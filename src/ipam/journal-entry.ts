import { parseAddress } from "../address/address.ts";
import type { JournalEntry, ReservedFor } from "./node-port.ts";
import { type AttachmentRecord, type Holder, RECORD_VERSION } from "./records.ts";

/** An attachment that lives on this node, as the store's record of it must be. */
export interface LivingAttachment {
  readonly record: AttachmentRecord;
  readonly reservedFor?: ReservedFor;
}

/** What the journal knows of an attachment. Of older programs' entries, prefix and gateway are lost. */
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
 * What the node's journal says of an attachment, so that its end is noticed and a store that loses its
 * record gets it back. `storeUuid` is "" where the store was not asked.
 */
export function journalEntryOf({ record, reservedFor }: LivingAttachment, storeUuid = ""): JournalEntry {
  const { space, addresses, prefixes, gateways, origin, endsReservations, holder } = record;
  return {
    version: RECORD_VERSION,
    holder,
    space,
    addresses,
    storeUuid,
    prefixes,
    gateways,
    origin,
    ...(endsReservations && { endsReservations }),
    ...(reservedFor && { reservedFor }),
  };
}

const EVIDENCE = "evidence:";

/** Marks a record that stands for an attachment which only Kubernetes spoke of, until its node does. */
export function evidenceId(podUid: string, address: string): string {
  return `${EVIDENCE}${podUid}:${address}`;
}

export function isEvidence({ requestId }: Holder): boolean {
  return requestId.startsWith(EVIDENCE);
}
