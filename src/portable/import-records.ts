import { initStore } from "../ipam/integrity/identity.ts";
import type { RecordTypes } from "../ipam/records.ts";
import { refTo } from "../ipam/ref-to.ts";
import type { CallOptions, Guard, Put, Store } from "../ipam/store-port.ts";
import { StoreFailure } from "../ipam/store-port.ts";
import { fromPortable, nameOf, type PortableRecord } from "./document.ts";
import type { ToWrite } from "./extend-attachment.ts";
import { type ImportPlan, planImport } from "./plan-import.ts";

export interface Imported {
  readonly written: number;
  readonly same: number;
  /** Found before anything was written; or, when `written` is not 0, what others wrote meanwhile. */
  readonly conflicts: readonly string[];
}

/** Records in one transaction: puts and as many guards, well within a transaction's 128. */
const PER_COMMIT = 50;
/** Rounds of planning anew, when others write at the same time. */
const ROUNDS = 5;

/**
 * Writes the records that a store lacks, after all of them were checked for conflicts. Each
 * attachment comes with all its addresses in one transaction (ONE-STEP), and no transaction replaces
 * anything but an attachment that gets more addresses (GUARDED). It can be interrupted and run again:
 * records that are there already are left alone. A new store gets its identity last, so that with
 * `requireInit` no ADD succeeds before everything is imported.
 *
 * @param progress is told how many records were written so far, and of how many.
 * @throws StoreFailure; what was written until then stays.
 */
export async function importRecords(
  records: readonly PortableRecord[],
  store: Store,
  options: CallOptions,
  progress: (written: number, of: number) => void = () => undefined,
): Promise<Imported> {
  let written = 0;
  let plan = await planImport(records, store, options);
  const { same } = plan;
  for (let round = 0; round < ROUNDS && plan.conflicts.length === 0 && plan.missing.length > 0; round++) {
    const before = written;
    const total = before + plan.missing.length;
    written += await write(plan, store, options, (done) => progress(before + done, total));
    plan = await planImport(records, store, options);
  }
  if (plan.conflicts.length > 0) return { written, same, conflicts: plan.conflicts };
  if (plan.missing.length === 0) await initStore({ store }, options);
  return {
    written,
    same,
    conflicts: plan.missing.map(
      ({ ref }) => `the ${nameOf(ref)} was not written, because others wrote at the same time`,
    ),
  };
}

/** Writes one transaction after another until one loses; answers how many records were written. */
async function write(
  { missing }: ImportPlan,
  store: Store,
  options: CallOptions,
  progress: (written: number) => void,
): Promise<number> {
  let written = 0;
  for (const batch of batches(unitsOf(missing))) {
    const meta = (await store.read({ refs: [refTo.meta] }, options)).get(refTo.meta);
    const puts = batch.map(({ ref, record }) => ({ ref: fromPortable(ref), record }) as Put);
    const guards = [
      { ref: refTo.meta, revision: meta?.revision ?? 0 },
      ...batch.map(({ over = 0, ref }): Guard => ({ ref: fromPortable(ref), revision: over })),
    ];
    const won = await store
      .commit({ guards, puts, deletes: [] }, options)
      .then((outcome) => outcome.won)
      .catch((failure) => {
        // RESOLVED: planning anew finds out.
        if (failure instanceof StoreFailure && failure.kind === "unknown-outcome") return false;
        throw failure;
      });
    if (!won) return written;
    written += puts.length;
    progress(written);
  }
  return written;
}

type Unit = readonly ToWrite[];

/** What must be written together: attachments and the allocations that they share. */
function unitsOf(records: readonly ToWrite[]): Unit[] {
  const units = new Map<string, ToWrite[]>();
  const unitOf = new Map<string, string>();
  const alone: Unit[] = [];
  for (const item of records) {
    const names = attachmentsOf(item);
    if (names.length === 0) {
      alone.push([item]);
      continue;
    }
    const joined = new Set(names.map((name) => unitOf.get(name) ?? name));
    const [target = ""] = joined;
    const members = [...joined].flatMap((name) => units.get(name) ?? []);
    for (const name of joined) units.delete(name);
    units.set(target, [...members, item]);
    for (const name of [...names, ...members.flatMap(attachmentsOf)]) unitOf.set(name, target);
  }
  return [...alone, ...units.values()];
}

/** The attachments that a record is about. */
function attachmentsOf({ ref, record }: PortableRecord): string[] {
  if (ref.kind === "attachment") return [nameOf(ref)];
  if (ref.kind !== "allocation") return [];
  const { holders } = record as RecordTypes["allocation"];
  return holders.map(({ node, attachment: id }) => nameOf({ kind: "attachment", node, id }));
}

function batches(units: readonly Unit[]): ToWrite[][] {
  const made: ToWrite[][] = [];
  for (const unit of units) {
    const last = made.at(-1);
    if (last !== undefined && last.length + unit.length <= PER_COMMIT) last.push(...unit);
    else made.push([...unit]);
  }
  return made;
}
