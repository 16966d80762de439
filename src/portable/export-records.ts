import { PORTABLE_KINDS, type PortableKind } from "../ipam/carried-kinds.ts";
import type { CallOptions, Store } from "../ipam/store-port.ts";
import { Tidier } from "../ipam/tidier.ts";
import {
  DOCUMENT_KIND,
  DOCUMENT_VERSION,
  type PortableDocument,
  type PortableRecord,
  toPortable,
} from "./document.ts";
import { keyOf, LooseRecords } from "./loose-records.ts";
import { PackedRecords } from "./packed-records.ts";
import { Sides } from "./sides.ts";

/** Everything that `store import` can write. */
export interface Exported {
  /** The document without its records. */
  readonly head: Omit<PortableDocument, "records">;
  /** How many records it has. */
  readonly count: number;
  /** How many attachments still contradicted their allocations at the end (records repaired by hand). */
  readonly unfit: number;
  /** Unpacks them, one after the other. */
  records(): Iterable<PortableRecord>;
}

/**
 * Reads everything that `store import` can write. Kinds are listed one after another while ADDs and
 * DELs go on: attachments and allocations that contradict each other are read again, together. Holds the
 * records packed: some 100 bytes for each.
 *
 * @throws StoreFailure
 */
export async function exportRecords(
  store: Store,
  options: CallOptions,
  progress: (read: number) => void = () => undefined,
): Promise<Exported> {
  const packed = new Map(PORTABLE_KINDS.map((kind) => [kind, new PackedRecords()]));
  const sides = new Sides();
  const tidier = new Tidier();
  let read = 0;
  for (const kind of PORTABLE_KINDS)
    for await (const { ref, record } of store.list({ kind }, options)) {
      const each = { ref: toPortable(ref), record } as PortableRecord;
      packed.get(kind)?.add(each);
      sides.add(each);
      progress(++read);
      tidier.next();
    }
  const loose = new LooseRecords(looseIn(packed, sides));
  const unfit = await loose.settle(store, options);
  const meta = (await store.read({ refs: [{ kind: "meta" }] }, options)).get({ kind: "meta" })?.record;
  const { kind, location } = store.description;
  const replaced = [...packed.values()].reduce((sum, each) => sum + countOf(each, loose), 0);
  return {
    head: {
      kind: DOCUMENT_KIND,
      version: DOCUMENT_VERSION,
      made: new Date().toISOString(),
      from: { store: kind, location, ...(meta && { uuid: meta.uuid }) },
    },
    count: read - replaced + loose.count,
    unfit,
    records: () => allOf(packed, loose),
  };
}

/** The attachments and allocations that do not say the same, of all that were listed. */
function* looseIn(packed: ReadonlyMap<PortableKind, PackedRecords>, sides: Sides): Generator<PortableRecord> {
  if (sides.agree) return;
  for (const kind of ["attachment", "allocation"] as const)
    for (const each of packed.get(kind) ?? []) if (sides.isLoose(each)) yield each;
}

function countOf(records: PackedRecords, loose: LooseRecords): number {
  if (loose.isEmpty) return 0;
  let count = 0;
  for (const { ref } of records) if (loose.has(keyOf(ref))) count += 1;
  return count;
}

function* allOf(
  packed: ReadonlyMap<PortableKind, PackedRecords>,
  loose: LooseRecords,
): Generator<PortableRecord> {
  const tidier = new Tidier();
  for (const [kind, records] of packed) {
    for (const each of records) {
      tidier.next();
      if (loose.isEmpty || !loose.has(keyOf(each.ref))) yield each;
    }
    yield* loose.of(kind);
  }
}
