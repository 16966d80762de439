import type { Database } from "bun:sqlite";
import { parseSortable } from "../../address/sortable.ts";
import type { RecordKind, RecordOf, RecordTypes, Ref } from "../../ipam/records.ts";
import {
  type CountAnswer,
  type Query,
  type Snapshot,
  type Span,
  StoreFailure,
  type Transaction,
  type Versioned,
  type Window,
  type WindowAnswer,
} from "../../ipam/store-port.ts";
import type { AddressKind, KeyRange, Keys } from "../etcd/keys.ts";
import type { BootClock } from "./boot-clock.ts";

/** Deletions that watches can still tell of. */
const KEPT_DELETIONS = 10_000;

interface Row {
  readonly key: string;
  readonly value: string;
  readonly revision: number;
}

const ALIVE = "(boot is null or (boot = $boot and expires > $now))";

/** The records of an open database, inside whatever transaction the caller has begun. */
export class Records {
  readonly #database: Database;
  readonly #keys: Keys;
  readonly #clock: BootClock;

  constructor(database: Database, keys: Keys, clock: BootClock) {
    this.#database = database;
    this.#keys = keys;
    this.#clock = clock;
  }

  revision(): number {
    const row = this.#database.query<{ revision: number }, []>("select revision from state").get();
    return row?.revision ?? 0;
  }

  answer(query: Query): Snapshot {
    const found = new Map((query.refs ?? []).map((ref) => [this.#keys.keyOf(ref), this.#find(ref)]));
    return {
      revision: this.revision(),
      get: <R extends Ref>(ref: R) => found.get(this.#keys.keyOf(ref)) as Versioned<RecordOf<R>> | undefined,
      windows: (query.windows ?? []).map((window) => this.#look(window)),
      counts: (query.counts ?? []).map((span) => this.#count(span)),
    };
  }

  guardsHold({ guards }: Transaction): boolean {
    return guards.every(({ ref, revision }) => (this.#find(ref)?.revision ?? 0) === revision);
  }

  /** Performs all writes at the next revision, which it answers. */
  write({ puts, deletes }: Transaction): number {
    const revision = this.revision() + 1;
    this.#database.query("update state set revision = ?").run(revision);
    for (const ref of deletes) this.#delete(this.#keys.keyOf(ref), revision);
    for (const { ref, record, seconds } of puts) this.#put(this.#keys.keyOf(ref), record, revision, seconds);
    this.#forget(revision);
    return revision;
  }

  /** Up to `limit` living records of a range of keys, in their order. */
  page(range: KeyRange, limit: number): Row[] {
    const text = `select key, value, revision from records
      where key >= $first and key < $end and ${ALIVE} order by key limit $limit`;
    return this.#database.query<Row, Parameters>(text).all({ ...range, limit, ...this.#time() });
  }

  /** Changes after a revision, oldest first, or undefined when they are no longer all known. */
  changesSince(since: number): { key: string; value: string | null; revision: number }[] | undefined {
    const known = this.#database.query<{ known_since: number }, []>("select known_since from state").get();
    if (since < (known?.known_since ?? 0) - 1) return undefined;
    const text = `select key, value, revision from records where revision > $since
      union all select key, null, revision from deletions where revision > $since order by revision`;
    return this.#database
      .query<{ key: string; value: string | null; revision: number }, Parameters>(text)
      .all({ since });
  }

  decode<K extends RecordKind>(key: string, value: string): RecordTypes[K] {
    try {
      return JSON.parse(value);
    } catch {
      throw new StoreFailure(
        "unwritable",
        `the record ${key} in the store is not JSON`,
        "Restore it from a backup.",
      );
    }
  }

  #find(ref: Ref): Versioned<RecordTypes[RecordKind]> | undefined {
    const text = `select key, value, revision from records where key = $key and ${ALIVE}`;
    const row = this.#database
      .query<Row, Parameters>(text)
      .get({ key: this.#keys.keyOf(ref), ...this.#time() });
    return row === null ? undefined : { record: this.decode(row.key, row.value), revision: row.revision };
  }

  #look(window: Window): WindowAnswer {
    const allocated = this.#addresses("allocation", window);
    const reserved = this.#addresses("reservation", window);
    const cooling = this.#addresses("cooling", window);
    const cuts = [allocated, reserved, cooling].flatMap((found) =>
      found.length < window.limit ? [] : found.slice(-1),
    );
    const knownThrough = cuts.reduce((least, cut) => (cut.value < least.value ? cut : least), window.last);
    return { allocated, reserved, cooling, knownThrough };
  }

  #addresses(kind: AddressKind, window: Window) {
    const text = `select key from records where key >= $first and key < $end and ${ALIVE} order by key limit $limit`;
    const range = this.#keys.spanOf(kind, window);
    const rows = this.#database
      .query<{ key: string }, Parameters>(text)
      .all({ ...range, limit: window.limit, ...this.#time() });
    return rows.map(({ key }) => parseSortable(key.slice(key.lastIndexOf("/") + 1)));
  }

  #count(span: Span): CountAnswer {
    const text = `select count(*) as n from records where key >= $first and key < $end and ${ALIVE}`;
    const of = (kind: AddressKind) => {
      const range = this.#keys.spanOf(kind, span);
      return this.#database.query<{ n: number }, Parameters>(text).get({ ...range, ...this.#time() })?.n ?? 0;
    };
    return { allocated: of("allocation"), reserved: of("reservation"), cooling: of("cooling") };
  }

  #put(key: string, record: RecordTypes[RecordKind], revision: number, seconds: number | undefined): void {
    const expiring = seconds !== undefined;
    this.#database
      .query("insert or replace into records (key, value, revision, boot, expires) values (?, ?, ?, ?, ?)")
      .run(
        key,
        JSON.stringify(record),
        revision,
        expiring ? this.#clock.boot : null,
        expiring ? this.#clock.seconds() + seconds : null,
      );
  }

  #delete(key: string, revision: number): void {
    const { changes } = this.#database.query("delete from records where key = ?").run(key);
    if (changes > 0)
      this.#database.query("insert into deletions (key, revision) values (?, ?)").run(key, revision);
  }

  /** Now and then, what has expired and what no watch needs any more. */
  #forget(revision: number): void {
    if (revision % 64 !== 0) return;
    const { boot, now } = this.#time();
    this.#database
      .query(
        "delete from records where key in (select key from records where boot is not null and (boot <> ? or expires <= ?) limit 256)",
      )
      .run(boot, now);
    const oldest = revision - KEPT_DELETIONS;
    if (oldest <= 1) return;
    this.#database.query("delete from deletions where revision < ?").run(oldest);
    this.#database.query("update state set known_since = ?").run(oldest);
  }

  #time(): { boot: string; now: number } {
    return { boot: this.#clock.boot, now: this.#clock.seconds() };
  }
}

type Parameters = Record<string, string | number>;
