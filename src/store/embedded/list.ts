import type { RecordKind } from "../../ipam/records.ts";
import type { CallOptions, CountScope, Entry, ListOptions, ListScope } from "../../ipam/store-port.ts";
import { after, type KeyRange, spansSpaces } from "../keys/keys.ts";
import { readable } from "../readable.ts";
import { inScope } from "../scope.ts";
import { decodeRecord } from "./record-text.ts";
import type { Records } from "./records.ts";
import { ALIVE, momentOf, type Row } from "./rows.ts";
import type { Transactions } from "./transactions.ts";

/** Records of one page. Each page is a transaction of its own, so that a listing blocks no writer. */
const PAGE = 500;

/** Lists all records of a scope in the order of their keys. @throws StoreFailure */
export async function* list<K extends RecordKind>(
  records: Records,
  transactions: Transactions,
  scope: ListScope<K>,
  options: ListOptions,
): AsyncIterable<Entry<K>> {
  const page = (range: KeyRange, limit: number) =>
    transactions.run("read", options, () => readPage(records, range, limit));
  const { damaged } = options;
  if (!spansSpaces(scope)) return yield* entries(records, scope, page, damaged);
  for await (const space of spaces(records, page)) {
    yield* entries(records, { ...scope, space }, page, damaged);
  }
}

/** Counts the records of a scope. @throws StoreFailure */
export async function count(
  records: Records,
  transactions: Transactions,
  scope: CountScope,
  options: CallOptions,
): Promise<number> {
  const of = (range: KeyRange) => transactions.run("read", options, () => countRows(records, range));
  if (!spansSpaces(scope)) return of(records.keys.scopeOf(scope));
  let sum = 0;
  for (const space of await listSpaces(records, transactions, options))
    sum += await of(records.keys.scopeOf({ ...scope, space }));
  return sum;
}

/** All address spaces that have a record. @throws StoreFailure */
export function listSpaces(
  records: Records,
  transactions: Transactions,
  options: CallOptions,
): Promise<string[]> {
  const page = (range: KeyRange, limit: number) =>
    transactions.run("read", options, () => readPage(records, range, limit));
  return Array.fromAsync(spaces(records, page));
}

type ReadPage = (range: KeyRange, limit: number) => Promise<Row[]>;

async function* entries<K extends RecordKind>(
  { keys }: Records,
  scope: ListScope<K>,
  read: ReadPage,
  damaged: ListOptions["damaged"],
): AsyncIterable<Entry<K>> {
  const { first, end } = keys.scopeOf(scope);
  for (let from = first; ; ) {
    const page = await read({ first: from, end }, PAGE);
    for (const { key, value, revision } of page) {
      const ref = keys.refOf(key);
      if (ref === undefined || !inScope(scope, ref)) continue;
      const record = readable<K>(ref, () => decodeRecord(scope.kind, key, value), damaged);
      if (record !== undefined) yield { ref, record, revision };
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    from = keys.following(last.key, scope);
  }
}

/** Lists the spaces. Reads one record of each, however many it holds. */
async function* spaces({ keys }: Records, read: ReadPage): AsyncIterable<string> {
  const { first, end } = keys.scopeOf({ kind: "allocation" });
  for (let from = first; ; ) {
    const [row] = await read({ first: from, end }, 1);
    if (row === undefined) return;
    const space = keys.spaceOf(row.key);
    if (space !== undefined) yield space;
    from = space === undefined ? after(row.key) : keys.wholeSpace(space).end;
  }
}

function readPage({ database, clock }: Records, range: KeyRange, limit: number): Row[] {
  const text = `select key, value, revision, boot, expires from records
    where key >= $first and key < $end and ${ALIVE} order by key limit $limit`;
  return database
    .query<Row, Record<string, string | number>>(text)
    .all({ ...range, limit, ...momentOf(clock) });
}

function countRows({ database, clock }: Records, range: KeyRange): number {
  const text = `select count(*) as count from records where key >= $first and key < $end and ${ALIVE}`;
  const found = database.query<{ count: number }, Record<string, string | number>>(text);
  return found.get({ ...range, ...momentOf(clock) })?.count ?? 0;
}
