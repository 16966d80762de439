import { NOTICE_SECONDS } from "../free/notice.ts";
import { Queue } from "../queue.ts";
import type { RecordKind, RecordTypes, Ref } from "../records.ts";
import { refKey } from "../ref-key.ts";
import { refTo } from "../ref-to.ts";
import { type CallOptions, type Entry, type Put, type Store, StoreFailure } from "../store-port.ts";
import { changedMeanwhile } from "./refusals.ts";
import type { Pair, Step } from "./states.ts";

/** What a move takes along: all but the identity, which it writes itself, and answers to recoveries that have ended. */
export const MOVED_KINDS = [
  "network",
  "reservedRanges",
  "owner",
  "reservation",
  "allocation",
  "attachment",
  "released",
  "cooling",
] as const satisfies readonly RecordKind[];
type MovedKind = (typeof MOVED_KINDS)[number];

/** These vanish by themselves; nobody can tell when they were to, so their time begins anew. */
const SECONDS: Partial<Record<MovedKind, number>> = { released: NOTICE_SECONDS, cooling: 60 };

/** Transactions at once. */
const AT_ONCE = 16;
/** Records of one kind that are read before they are written. */
const PART = 1_000;

/** What one pass found. */
export interface Pass {
  /** How many records of each kind the source has. */
  readonly records: Readonly<Record<MovedKind, number>>;
  readonly written: number;
  readonly removed: number;
}

/**
 * Makes the target hold what the source holds, record by record; what is the same already is left alone, so that a
 * pass that writes nothing has compared everything. Each write guards the target's identity: nobody writes into one that
 * was opened, or given back, meanwhile.
 *
 * @param closedAt revision of the target's identity.
 * @throws IpamError tryAgain where another command goes on with the move; StoreFailure, also for a record that cannot be read.
 */
export async function copyOnce(
  { source, target }: Pair,
  closedAt: number,
  step: Step,
  progress: (compared: number) => void,
): Promise<Pass> {
  const records = Object.fromEntries(MOVED_KINDS.map((kind) => [kind, 0])) as Record<MovedKind, number>;
  const writer = new Writer(target, closedAt, step);
  let [written, removed, compared] = [0, 0, 0];
  for (const kind of MOVED_KINDS) {
    const there = new Map<string, { readonly ref: Ref; readonly text: string }>();
    for await (const { record, ref } of target.list({ kind }, listing()))
      there.set(refKey(ref), { ref, text: textOf(record) });
    let part: Entry<MovedKind>[] = [];
    for await (const entry of source.list<MovedKind>({ kind }, listing())) {
      const key = refKey(entry.ref);
      records[kind] += 1;
      progress(++compared);
      const isSame = there.get(key)?.text === textOf(entry.record);
      there.delete(key);
      if (isSame) continue;
      part.push(entry);
      written += 1;
      if (part.length === PART) await writer.put(part.splice(0));
    }
    await writer.put(part);
    part = [];
    await writer.remove([...there.values()].map(({ ref }) => ref));
    removed += there.size;
  }
  return { records, written, removed };
}

/** Whether a pass has found the two stores the same. What vanishes by itself may have done so in one of them. */
export function isSame({ removed, written }: Pass): boolean {
  return written === 0 && removed === 0;
}

class Writer {
  readonly #target: Store;
  readonly #closedAt: number;
  readonly #step: Step;
  readonly #queue = new Queue({ limit: AT_ONCE });

  constructor(target: Store, closedAt: number, step: Step) {
    this.#target = target;
    this.#closedAt = closedAt;
    this.#step = step;
  }

  /** One record in each transaction: nobody reads the target yet, and a store of objects writes one in one request. */
  async put(entries: readonly Entry<MovedKind>[]): Promise<void> {
    await this.#all(entries, ({ record, ref }) => {
      const seconds = SECONDS[ref.kind];
      return { puts: [{ ref, record, ...(seconds !== undefined && { seconds }) } as Put], deletes: [] };
    });
  }

  async remove(refs: readonly Ref[]): Promise<void> {
    await this.#all(refs, (ref) => ({ puts: [], deletes: [ref] }));
  }

  async #all<T>(
    items: readonly T[],
    make: (item: T) => { readonly puts: readonly Put[]; readonly deletes: readonly Ref[] },
  ): Promise<void> {
    const one = (item: T) => this.#queue.run(() => this.#commit(make(item)));
    const results = await Promise.allSettled(items.map(one));
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }

  /** An outcome that is unknown is found out by the next pass (RESOLVED). */
  async #commit(change: { readonly puts: readonly Put[]; readonly deletes: readonly Ref[] }): Promise<void> {
    const guards = [{ ref: refTo.meta, revision: this.#closedAt }];
    try {
      const outcome = await this.#target.commit({ guards, ...change }, this.#step());
      if (!outcome.won) throw changedMeanwhile();
    } catch (failure) {
      if (!(failure instanceof StoreFailure) || failure.kind !== "unknown-outcome") throw failure;
    }
  }
}

const LISTING_MS = 300_000;

function listing(): CallOptions {
  return { deadline: performance.now() + LISTING_MS };
}

function textOf(record: RecordTypes[MovedKind]): string {
  return JSON.stringify(record);
}
