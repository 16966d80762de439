import { pause } from "../../ipam/pause.ts";
import type { RecordKind, Ref } from "../../ipam/records.ts";
import {
  type AnyChange,
  type Change,
  type ListScope,
  StoreFailure,
  type WatchOptions,
} from "../../ipam/store-port.ts";
import { readable } from "../readable.ts";
import { inScope } from "../scope.ts";
import { hasExpired, removeExpired } from "./forget.ts";
import { decodeRecord } from "./record-text.ts";
import type { Records } from "./records.ts";
import { readState } from "./rows.ts";
import type { Transactions } from "./transactions.ts";
import { nextRevision } from "./write.ts";

/** Milliseconds between two looks for changes. A look that finds none takes about 30 microseconds. */
const LOOK_EVERY_MS = 50;
/** Changes read at a time, so that memory stays bounded. */
const PORTION = 500;
const PATIENCE_MS = 10_000;

/** Yields the changes of one kind of record since a revision, until the signal aborts. @throws StoreFailure */
export function watch<K extends RecordKind>(
  records: Records,
  transactions: Transactions,
  scope: ListScope<K>,
  since: number,
  options: WatchOptions,
): AsyncIterable<Change<K>> {
  const wanted = { isWanted: (ref: Ref) => inScope(scope, ref), expires: scope.kind === "cooling" };
  return follow(records, transactions, wanted, since, options) as AsyncIterable<Change<K>>;
}

/** As `watch`, for all records of some kinds. @throws StoreFailure */
export function changes<K extends RecordKind>(
  records: Records,
  transactions: Transactions,
  kinds: readonly K[],
  since: number,
  options: WatchOptions,
): AsyncIterable<AnyChange<K>> {
  const all: readonly RecordKind[] = kinds;
  const wanted = { isWanted: ({ kind }: Ref) => all.includes(kind), expires: all.includes("cooling") };
  return follow(records, transactions, wanted, since, options) as AsyncIterable<AnyChange<K>>;
}

interface Wanted {
  readonly isWanted: (ref: Ref) => boolean;
  /** Whether the end of expired records is wanted, too. */
  readonly expires: boolean;
}

async function* follow(
  records: Records,
  transactions: Transactions,
  { isWanted, expires }: Wanted,
  since: number,
  { damaged, keysOnly = false, signal, stands }: WatchOptions,
): AsyncIterable<Change<RecordKind>> {
  // A file has no connection that could be lost.
  stands?.(true);
  const soon = () => ({ deadline: performance.now() + PATIENCE_MS });
  for (let seen = since; !signal.aborted; ) {
    if (expires) await expire(records, transactions, soon());
    const changes = await transactions.run("read", soon(), () => changesSince(records, seen));
    for (const { key, value, revision } of changes) {
      seen = revision;
      const ref = records.keys.refOf(key);
      if (ref === undefined || !isWanted(ref)) continue;
      const present = value !== null;
      if (keysOnly || value === null) yield { ref, revision, present };
      else {
        const record = readable<RecordKind>(ref, () => decodeRecord(ref.kind, key, value), damaged);
        if (record !== undefined) yield { ref, revision, present, record };
      }
      if (signal.aborted) return;
    }
    if (changes.length === 0) await pause(LOOK_EVERY_MS, signal);
  }
}

/** Removes expired records, which stay in the table otherwise, so that the watch sees their end. */
async function expire(
  records: Records,
  transactions: Transactions,
  options: { deadline: number },
): Promise<void> {
  if (!(await transactions.run("read", options, () => hasExpired(records)))) return;
  await transactions.run("write", options, () => removeExpired(records, nextRevision(records)));
}

interface Changed {
  readonly key: string;
  /** Null when the record was deleted. */
  readonly value: string | null;
  readonly revision: number;
}

/** The next changes after a revision, oldest first, never only a part of one revision. */
function changesSince(records: Records, since: number): Changed[] {
  const { revision, knownSince } = readState(records.database);
  if (since < knownSince - 1 || since > revision) throw historyLost(since);
  if (since === revision) return [];
  const found = changesBetween(records, since, revision, PORTION);
  const last = found.at(-1);
  if (last === undefined || found.length < PORTION) return found;
  const whole = found.filter((change) => change.revision < last.revision);
  return whole.length > 0 ? whole : changesBetween(records, since, last.revision, UNLIMITED);
}

const UNLIMITED = -1;

function changesBetween({ database }: Records, since: number, through: number, limit: number): Changed[] {
  const between = "revision > $since and revision <= $through";
  const text = `select key, value, revision from records where ${between}
    union all select key, null, revision from deletions where ${between} order by revision limit $limit`;
  return database.query<Changed, Record<string, number>>(text).all({ since, through, limit });
}

function historyLost(since: number): StoreFailure {
  return new StoreFailure(
    "history-lost",
    `the store no longer knows what changed since revision ${since}`,
    "list the records again, and watch from there",
  );
}
