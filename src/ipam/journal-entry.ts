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

/** What goes into a journal that was lost, so that its end is noticed like that of others. */
export function entryOf({ record, reservedFor }: LivingAttachment): JournalEntry {
  const { version, space, addresses, prefixes, gateways, origin, endsReservations, holder } = record;
  const printed = { prefixes, gateways, origin, ...(endsReservations && { endsReservations }) };
  return {
    version,
    holder,
    space,
    addresses,
    storeUuid: "",
    ...printed,
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
