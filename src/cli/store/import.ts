import { EXIT_CODES } from "../../command-line/failure.ts";
import { type Format, printThing } from "../../command-line/output.ts";
import { printErr } from "../../command-line/print.ts";
import { startProgress } from "../../command-line/progress.ts";
import { announceImport } from "../../ipam/integrity/announce-import.ts";
import { requireReady, verifyStore } from "../../ipam/integrity/one-store.ts";
import { refTo } from "../../ipam/ref-to.ts";
import { importRecords } from "../../portable/import-records.ts";
import { planImport } from "../../portable/plan-import.ts";
import { withoutCluster } from "../../portable/without-cluster.ts";
import { prepareCommand, type Session, withStore } from "../session/open.ts";
import type { StoreOptions } from "../session/settings.ts";
import type { Source, SourceOptions } from "./source.ts";
import { readSource } from "./sources.ts";
import { dataOf, warn } from "./told.ts";

export interface ImportOptions extends SourceOptions {
  readonly output: Format;
}

/** So many conflicts are printed, then the number of the others. */
const SHOWN = 50;

/**
 * `store import`: checks all records first, and writes only where none conflicts. A source that cannot be
 * read creates no store.
 */
export async function importStore(
  file: string | undefined,
  given: ImportOptions & StoreOptions,
): Promise<number> {
  const context = prepareCommand(given, { asksCluster: true });
  const source = await readSource(file, given, context);
  return withStore(context, (session) => write(source, given, session), { creates: true });
}

async function write(
  { remarks, told = [], warning, conflicts: before = [], wayOut = [], ...source }: Source,
  given: ImportOptions,
  session: Session,
): Promise<number> {
  const { ports, options } = session;
  const records = ports.store.description.shared ? source.records : source.records.map(withoutCluster);
  await requireUsable(given.space ?? session.settings.space, session);
  for (const remark of remarks) printErr(`note: ${remark}`);
  if (warning !== undefined) printErr(`warning: ${warning}`);
  warn(told);
  const dry = given.dryRun === true;
  // What the source contradicts itself in, and what the store does, come in one run.
  const plan = dry || before.length > 0 ? await planImport(records, ports.store, options) : undefined;
  const progress = startProgress("writing");
  const { written, same, ...done } = plan
    ? { ...plan, written: 0 }
    : await importRecords(records, ports.store, options, progress.at).finally(progress.end);
  if (written > 0) await announce(session);
  const conflicts = [...before, ...done.conflicts];
  printConflicts(conflicts, wayOut, written);
  const counts = { records: records.length, alreadyThere: same, conflicts: conflicts.length };
  await printThing(
    {
      dryRun: dry,
      ...counts,
      written,
      ...(plan && dry && { toWrite: conflicts.length > 0 ? 0 : plan.missing.length }),
      conflictsWith: conflicts,
      ...dataOf(told),
    },
    [
      ["Records", String(counts.records)],
      ["Already there", String(counts.alreadyThere)],
      ["Conflicts", String(counts.conflicts)],
      dry
        ? ["Would write", String(conflicts.length > 0 ? 0 : plan?.missing.length)]
        : ["Written", String(written)],
      ...told.flatMap(({ line }) => (line === undefined ? [] : [line])),
    ],
    given.output,
  );
  return conflicts.length > 0 ? EXIT_CODES.failed : EXIT_CODES.done;
}

/** What is imported stays, whether the agents hear of it or not. */
async function announce({ ports, options }: Session): Promise<void> {
  await announceImport(ports, options).catch((failure) => {
    printErr(
      `warning: the agents could not be told, and take over what is theirs within ten minutes: ${failure}`,
    );
  });
}

/** ONE-STORE: imports only into the store that this node uses. */
async function requireUsable(space: string, { ports, options }: Session): Promise<void> {
  const remembered = ports.node.storeMemory.recall(space);
  const snapshot = await ports.store.read({ refs: [refTo.meta] }, options);
  const meta = verifyStore(snapshot, remembered, space, ports);
  // A backup is imported before the store is recovered, and until then no node gives out addresses.
  if (meta?.record.state === "suspect") return;
  // An operator decides to import, as to run 'store init'.
  requireReady(meta, false);
}

function printConflicts(conflicts: readonly string[], wayOut: readonly string[], written: number): void {
  if (conflicts.length === 0) return;
  const what =
    written === 0 ? "nothing is written" : `${written} records were written before another writer interfered`;
  printErr(`error: ${conflicts.length} conflicts: ${what}`);
  for (const line of conflicts.slice(0, SHOWN)) printErr(`  ${line}`);
  if (conflicts.length > SHOWN) printErr(`  … and ${conflicts.length - SHOWN} more`);
  for (const line of wayOut) printErr(line);
  printErr(
    "resolve them ('kube-ipam ip show', 'ip release', 'ip unreserve') or remove them from the import, and run it again",
  );
}
