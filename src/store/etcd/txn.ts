import type { Query, Snapshot, Transaction } from "../../ipam/store-port.ts";
import { toBytes } from "../keys/bytes.ts";
import type { Keys } from "../keys/keys.ts";
import { EtcdFailure } from "./connect/etcd-failure.ts";
import {
  type Compare,
  Compare_CompareResult,
  Compare_CompareTarget,
  type RangeResponse,
  type RequestOp,
  type TxnRequest,
  type TxnResponse,
} from "./gen/rpc.ts";
import { type RangeInit, rangesOf, readAnswers } from "./query.ts";
import { encodeRecord } from "./record-json.ts";
import type { Init } from "./wire/methods.ts";

/** etcd's default for --max-txn-ops: comparisons, and operations of each branch. */
export const MAX_OPERATIONS = 128;

/** A transaction of etcd. */
export type TxnInit = Init<TxnRequest>;
type OpInit = Init<RequestOp>;

/** Reads in one transaction. It always has an operation: a stale member could answer an empty one. */
export function readTxn(ranges: readonly RangeInit[], keys: Keys): TxnInit {
  const ops = ranges.length > 0 ? ranges : [metaRange(keys)];
  return { success: ops.map(rangeOp) };
}

/**
 * Makes a transaction: guards as comparisons, writes as one branch, `otherwise` as the other (ONE-STEP,
 * GUARDED).
 *
 * @param lease of the puts that expire; 0 where none does.
 * @throws EtcdFailure unwritable where it has more operations than etcd allows.
 */
export function commitTxn(keys: Keys, transaction: Transaction, lease: bigint): TxnInit {
  const { guards, puts, deletes, otherwise } = transaction;
  const written = new Set(puts.map(({ ref }) => keys.keyOf(ref)));
  const gone = new Set(deletes.map((ref) => keys.keyOf(ref)).filter((key) => !written.has(key)));
  const writes: OpInit[] = [
    ...[...gone].map(
      (key): OpInit => ({ request: { $case: "requestDeleteRange", value: { key: toBytes(key) } } }),
    ),
    ...puts.map(({ ref, record, seconds }): OpInit => {
      const value = { key: toBytes(keys.keyOf(ref)), value: encodeRecord(record) };
      return { request: { $case: "requestPut", value: seconds === undefined ? value : { ...value, lease } } };
    }),
  ];
  const request = {
    compare: guards.map(({ ref, revision }) => unchanged(keys.keyOf(ref), revision)),
    success: writes.length > 0 ? writes : [rangeOp(metaRange(keys))],
    failure: otherwise === undefined ? [] : rangesOf(keys, otherwise).map(rangeOp),
  };
  refuseTooLarge(Math.max(request.compare.length, request.success.length));
  return { ...request, failure: request.failure.slice(0, MAX_OPERATIONS) };
}

/** The answers of a branch that consists of range requests. */
export function rangeAnswers(response: TxnResponse): RangeResponse[] {
  return response.responses.flatMap(({ response: answer }) =>
    answer?.$case === "responseRange" ? [answer.value] : [],
  );
}

/** The store's revision in an answer. */
export function revisionOf(response: { header?: { revision: bigint } | undefined }): number {
  return Number(response.header?.revision ?? 0n);
}

/** The snapshot in the answer of a lost transaction. @throws StoreFailure damaged */
export function otherwiseOf(keys: Keys, query: Query, response: TxnResponse): Snapshot {
  return readAnswers(keys, query, revisionOf(response), rangeAnswers(response));
}

function rangeOp(value: RangeInit): OpInit {
  return { request: { $case: "requestRange", value } };
}

function metaRange(keys: Keys): RangeInit {
  return { key: toBytes(keys.keyOf({ kind: "meta" })), countOnly: true };
}

/** A key that is absent has the modification revision 0. */
function unchanged(key: string, revision: number): Init<Compare> {
  return {
    result: Compare_CompareResult.EQUAL,
    target: Compare_CompareTarget.MOD,
    key: toBytes(key),
    targetUnion: { $case: "modRevision", value: BigInt(revision) },
  };
}

function refuseTooLarge(operations: number): void {
  if (operations <= MAX_OPERATIONS) return;
  throw new EtcdFailure(
    "unwritable",
    { trouble: "invalid", mayHaveHappened: false },
    `one transaction needs ${operations} operations; etcd allows ${MAX_OPERATIONS}`,
    "use fewer range sets or fewer addresses in one attachment",
  );
}
