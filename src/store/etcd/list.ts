import type { RecordKind, RefOf } from "../../ipam/records.ts";
import type { CallOptions, CountScope, Entry, ListOptions, ListScope } from "../../ipam/store-port.ts";
import { toText } from "../keys/bytes.ts";
import { after, type KeyRange, type Keys, spansSpaces } from "../keys/keys.ts";
import { readable } from "../readable.ts";
import { inScope } from "../scope.ts";
import type { EtcdClient } from "./client/client.ts";
import { EtcdFailure } from "./connect/etcd-failure.ts";
import type { KeyValue } from "./gen/kv.ts";
import type { RangeResponse } from "./gen/rpc.ts";
import { type RangeInit, rangeInit } from "./query.ts";
import { decodeRecord } from "./record-json.ts";
import { revisionOf } from "./txn.ts";
import { RANGE } from "./wire/methods.ts";

/** Records of one page: about 300 KiB. */
const PAGE = 500;
/** After so many pages the next one is read while the caller looks at one: most short listings end before. */
const LONG = 2;

/**
 * Lists all records of a scope in the order of their keys, at one revision. When etcd compacts that
 * revision, the listing goes on at a newer one after its last key, so that no record comes twice.
 *
 * @throws StoreFailure
 */
export async function* list<K extends RecordKind>(
  client: EtcdClient,
  keys: Keys,
  scope: ListScope<K>,
  options: ListOptions,
): AsyncIterable<Entry<K>> {
  const { damaged } = options;
  const reader = new Reader(client, options);
  if (!spansSpaces(scope)) return yield* entries(reader, keys, scope, keys.scopeOf(scope), damaged);
  for await (const space of spaces(reader, keys)) {
    const inside = { ...scope, space };
    yield* entries(reader, keys, inside, keys.scopeOf(inside), damaged);
  }
}

/** Counts the records of a scope. etcd finds their keys, and sends none. @throws StoreFailure */
export async function count(
  client: EtcdClient,
  keys: Keys,
  scope: CountScope,
  options: CallOptions,
): Promise<number> {
  const reader = new Reader(client, options);
  if (!spansSpaces(scope)) return reader.count(keys.scopeOf(scope));
  let sum = 0;
  for await (const space of spaces(reader, keys))
    sum += await reader.count(keys.scopeOf({ ...scope, space }));
  return sum;
}

/** All address spaces that have a record. @throws StoreFailure */
export function listSpaces(client: EtcdClient, keys: Keys, options: CallOptions): Promise<string[]> {
  return Array.fromAsync(spaces(new Reader(client, options), keys));
}

/** The entry at a key; undefined where the key is of another kind, or its record is damaged and reported. */
export function entryOf<K extends RecordKind>(
  keys: Keys,
  kind: K,
  pair: KeyValue,
  damaged: ListOptions["damaged"],
): Entry<K> | undefined {
  const text = toText(pair.key);
  const ref = keys.refOf(text);
  return ref?.kind === kind ? entryAt(ref as RefOf<K>, text, pair, damaged) : undefined;
}

/** The entry at a key whose reference is known; undefined where its record is damaged and reported. */
export function entryAt<K extends RecordKind>(
  ref: RefOf<K>,
  key: string,
  { modRevision, value }: KeyValue,
  damaged: ListOptions["damaged"],
): Entry<K> | undefined {
  const record = readable<K>(ref, () => decodeRecord(ref.kind as K, key, value), damaged);
  return record && { ref, record, revision: Number(modRevision) };
}

async function* entries<K extends RecordKind>(
  reader: Reader,
  keys: Keys,
  scope: ListScope<K>,
  range: KeyRange,
  damaged: ListOptions["damaged"],
): AsyncIterable<Entry<K>> {
  const pageOf = (part: KeyRange) => () => reader.page(part, PAGE, false);
  let next = pageOf(range);
  for (let pages = 1; ; pages++) {
    const page = await next();
    const last = page.kvs.at(-1);
    const rest = page.more &&
      last !== undefined && { first: keys.following(toText(last.key), scope), end: range.end };
    const isLong = rest && pages >= LONG;
    if (isLong) next = ahead(pageOf(rest));
    for (const pair of page.kvs) {
      const entry = entryOf(keys, scope.kind, pair, damaged);
      if (entry !== undefined && inScope(scope, entry.ref)) yield entry;
    }
    if (!rest) return;
    if (!isLong) next = pageOf(rest);
  }
}

/**
 * Begins to read. A caller that stops early hears of no failure of what it did not want; one that was busy for long (it
 * may print to a pager, which waits for a person) and so let the answer come too late has it read once more.
 */
function ahead<T>(read: () => Promise<T>): () => Promise<T> {
  const begun = read();
  begun.catch(() => undefined);
  return () => begun.catch(read);
}

/** Lists the spaces. Reads one key of each, however many records it holds. */
async function* spaces(reader: Reader, keys: Keys): AsyncIterable<string> {
  const range = keys.scopeOf({ kind: "allocation" });
  let first = range.first;
  for (;;) {
    const [pair] = (await reader.page({ first, end: range.end }, 1, true)).kvs;
    if (pair === undefined) return;
    const space = keys.spaceOf(toText(pair.key));
    if (space === undefined) {
      first = after(toText(pair.key));
    } else {
      yield space;
      first = keys.wholeSpace(space).end;
    }
  }
}

/** Reads pages at the revision of the first one, and at a new one once that has been compacted. */
class Reader {
  readonly #client: EtcdClient;
  readonly #options: CallOptions;
  #revision = 0;

  constructor(client: EtcdClient, options: CallOptions) {
    this.#client = client;
    this.#options = options;
  }

  page(range: KeyRange, limit: number, keysOnly: boolean): Promise<RangeResponse> {
    return this.#read({ ...rangeInit(range), limit: BigInt(limit), keysOnly });
  }

  async count(range: KeyRange): Promise<number> {
    return Number((await this.#read({ ...rangeInit(range), countOnly: true })).count);
  }

  async #read(request: RangeInit): Promise<RangeResponse> {
    const read = (revision: number) =>
      this.#client.read(
        (etcd, rpc) => etcd.call(RANGE, { ...request, revision: BigInt(revision) }, rpc),
        this.#options,
      );
    const page = await read(this.#revision).catch((failure) => {
      if (!(failure instanceof EtcdFailure) || failure.trouble !== "compacted") throw failure;
      this.#revision = 0;
      return read(0);
    });
    if (this.#revision === 0) this.#revision = revisionOf(page);
    return page;
  }
}
