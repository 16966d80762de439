import type { Address } from "../../address/address.ts";
import type { Ref } from "../../ipam/records.ts";
import type { CountAnswer, Query, Snapshot, Versioned, Window, WindowAnswer } from "../../ipam/store-port.ts";
import { toBytes } from "../keys/bytes.ts";
import { lastPart } from "../keys/key-parts.ts";
import type { AddressKind, KeyRange, Keys } from "../keys/keys.ts";
import type { RangeRequest, RangeResponse } from "./gen/rpc.ts";
import { decodeRecord } from "./record-json.ts";
import type { Init } from "./wire/methods.ts";

/** A range request of etcd. */
export type RangeInit = Init<RangeRequest>;

/** The three kinds of record that keep an address from being given out. */
const TAKEN_BY: readonly AddressKind[] = ["allocation", "reservation", "cooling"];

/** The range requests of a query, in the order in which `readAnswers` expects their answers. */
export function rangesOf(keys: Keys, { refs = [], windows = [], counts = [] }: Query): RangeInit[] {
  return [
    ...refs.map((ref): RangeInit => ({ key: toBytes(keys.keyOf(ref)) })),
    ...windows.flatMap((window) =>
      TAKEN_BY.map((kind) => windowRange(keys.spanOf(kind, window), window.limit)),
    ),
    ...counts.flatMap((span) =>
      TAKEN_BY.map((kind) => ({ ...rangeInit(keys.spanOf(kind, span)), countOnly: true })),
    ),
  ];
}

/** The range request for a range of keys. */
export function rangeInit({ first, end }: KeyRange): { key: Uint8Array; rangeEnd: Uint8Array } {
  return { key: toBytes(first), rangeEnd: toBytes(end) };
}

/** What an answer says besides its records. */
export type SnapshotState = Pick<Snapshot, "revision" | "lineage" | "connection">;

/** Puts the answers to `rangesOf` together. @throws StoreFailure where a requested record is damaged. */
export function readAnswers(
  keys: Keys,
  query: Query,
  state: SnapshotState,
  answers: readonly RangeResponse[],
): Snapshot {
  const { refs = [], windows = [], counts = [] } = query;
  const records = new Map<string, Versioned<unknown> | undefined>();
  refs.forEach((ref, index) => {
    const key = keys.keyOf(ref);
    records.set(key, versioned(ref, key, answers[index]));
  });
  const triple = (index: number) => answers.slice(refs.length + 3 * index, refs.length + 3 * index + 3);
  return {
    ...state,
    get: <R extends Ref>(ref: R) => records.get(keys.keyOf(ref)) as ReturnType<typeof versioned<R>>,
    windows: windows.map((window, index) => windowAnswer(window, triple(index))),
    counts: counts.map((_, index) => countAnswer(triple(windows.length + index))),
  };
}

function windowRange(range: KeyRange, limit: number): RangeInit {
  return { ...rangeInit(range), keysOnly: true, limit: BigInt(Math.max(1, limit)) };
}

function versioned<R extends Ref>({ kind }: R, key: string, answer: RangeResponse | undefined) {
  const entry = answer?.kvs[0];
  if (entry === undefined) return undefined;
  return { record: decodeRecord<R["kind"]>(kind, key, entry.value), revision: Number(entry.modRevision) };
}

/**
 * Keys of the two families interleave only below 0300::, where no pod lives (RFC 4291); a foreign
 * key in a window is skipped, and at worst counted in a count.
 */
function windowAnswer(window: Window, answers: readonly RangeResponse[]): WindowAnswer {
  const { family } = window.first;
  const [allocated = [], reserved = []] = answers.map((answer) =>
    answer.kvs.flatMap(({ key }) => lastPart(key, family) ?? []),
  );
  const cooling = (answers[2]?.kvs ?? []).flatMap(({ key, modRevision }) => {
    const address = lastPart(key, family);
    return address ? [{ ...address, revision: Number(modRevision) }] : [];
  });
  const cutAt = answers.flatMap((answer, index) =>
    answer.more ? ([allocated, reserved, cooling][index]?.at(-1) ?? []) : [],
  );
  const knownThrough = [window.last, ...cutAt].reduce((least, other) =>
    other.value < least.value ? other : least,
  );
  const known = <A extends Address>(addresses: readonly A[]) =>
    addresses.filter(({ value }) => value <= knownThrough.value);
  return { allocated: known(allocated), reserved: known(reserved), cooling: known(cooling), knownThrough };
}

function countAnswer(answers: readonly RangeResponse[]): CountAnswer {
  const [allocated = 0, reserved = 0, cooling = 0] = answers.map(({ count }) => Number(count));
  return { allocated, reserved, cooling };
}
