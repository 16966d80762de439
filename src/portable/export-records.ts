import { formatAddress } from "../address/address.ts";
import { allocationRefs } from "../ipam/free/free.ts";
import type { AllocationRecord, AttachmentRecord, RecordTypes, Ref, RefOf } from "../ipam/records.ts";
import { sameHolder } from "../ipam/same.ts";
import type { CallOptions, Store } from "../ipam/store-port.ts";
import {
  DOCUMENT_KIND,
  DOCUMENT_VERSION,
  nameOf,
  PORTABLE_KINDS,
  type PortableDocument,
  type PortableKind,
  type PortableRecord,
  toPortable,
} from "./document.ts";

type AttachmentRef = RefOf<"attachment">;
type AllocationRef = RefOf<"allocation">;

interface Found<K extends PortableKind> {
  readonly ref: RefOf<K>;
  readonly record: RecordTypes[K];
}

type Kinds = { [K in PortableKind]: Map<string, Found<K>> };

/** How often what was seen half is looked at again. */
const ROUNDS = 5;

/**
 * Reads everything that `store import` can write. Kinds are listed one after another while ADDs and
 * DELs go on: attachments and allocations that contradict each other are read again, together.
 *
 * @returns the document, and how many attachments still contradicted their allocations at the end (records repaired by hand).
 * @throws StoreFailure
 */
export async function exportRecords(
  store: Store,
  options: CallOptions,
  progress: (read: number) => void = () => undefined,
): Promise<{ document: PortableDocument; unfit: number }> {
  const kinds = await readAll(store, options, progress);
  let unfit = unfitting(kinds);
  for (let round = 0; round < ROUNDS && unfit.length > 0; round++) {
    for (const ref of unfit) await readPair(ref, kinds, store, options);
    unfit = unfitting(kinds);
  }
  const meta = (await store.read({ refs: [{ kind: "meta" }] }, options)).get({ kind: "meta" })?.record;
  const { kind, location } = store.description;
  const document = {
    kind: DOCUMENT_KIND,
    version: DOCUMENT_VERSION,
    made: new Date().toISOString(),
    from: { store: kind, location, ...(meta && { uuid: meta.uuid }) },
    records: PORTABLE_KINDS.flatMap((each) => [...kinds[each].values()].map(portable)),
  } as const;
  return { document, unfit: unfit.length };
}

async function readAll(store: Store, options: CallOptions, progress: (read: number) => void): Promise<Kinds> {
  let read = 0;
  const of = async <K extends PortableKind>(kind: K) => {
    const found = new Map<string, Found<K>>();
    for await (const { ref, record } of store.list({ kind }, options)) {
      found.set(keyOf(ref), { ref, record });
      progress(++read);
    }
    return found;
  };
  return {
    network: await of("network"),
    reservedRanges: await of("reservedRanges"),
    owner: await of("owner"),
    reservation: await of("reservation"),
    allocation: await of("allocation"),
    attachment: await of("attachment"),
  };
}

function portable({ ref, record }: { [K in PortableKind]: Found<K> }[PortableKind]): PortableRecord {
  return { ref: toPortable(ref), record };
}

/** Attachments of which the index entry and the allocations do not say the same. */
function unfitting({ attachment, allocation }: Kinds): AttachmentRef[] {
  const unfit = new Map<string, AttachmentRef>();
  for (const { ref, record } of attachment.values()) {
    const held = allocationRefs(record).every((each) => holds(allocation.get(keyOf(each))?.record, ref));
    if (!held) unfit.set(keyOf(ref), ref);
  }
  for (const { ref: allocationRef, record } of allocation.values()) {
    for (const { node, attachment: id } of record.holders) {
      const ref = { kind: "attachment", node, id } as const;
      if (!names(attachment.get(keyOf(ref))?.record, allocationRef)) unfit.set(keyOf(ref), ref);
    }
  }
  return [...unfit.values()];
}

function holds(record: AllocationRecord | undefined, { id: attachment, node }: AttachmentRef): boolean {
  return record?.holders.some((holder) => sameHolder(holder, { node, attachment })) === true;
}

function names(record: AttachmentRecord | undefined, { space, address }: AllocationRef): boolean {
  return record?.space === space && record.addresses.includes(formatAddress(address));
}

/** Both sides of one attachment, at one moment. */
async function readPair(ref: AttachmentRef, kinds: Kinds, store: Store, options: CallOptions): Promise<void> {
  const known = kinds.attachment.get(keyOf(ref))?.record;
  const now = (await store.read({ refs: [ref] }, options)).get(ref)?.record;
  const held = [...kinds.allocation.values()]
    .filter(({ record }) => holds(record, ref))
    .map((each) => each.ref);
  const allocations = [...held, ...[known, now].flatMap((entry) => (entry ? allocationRefs(entry) : []))];
  const snapshot = await store.read({ refs: [ref, ...allocations] }, options);
  replace(kinds.attachment, ref, snapshot.get(ref)?.record);
  for (const each of allocations) replace(kinds.allocation, each, snapshot.get(each)?.record);
}

function replace<K extends PortableKind>(
  found: Map<string, Found<K>>,
  ref: Found<K>["ref"],
  record: RecordTypes[K] | undefined,
): void {
  if (record === undefined) found.delete(keyOf(ref));
  else found.set(keyOf(ref), { ref, record });
}

function keyOf(ref: Extract<Ref, { kind: PortableKind }>): string {
  return nameOf(toPortable(ref));
}
