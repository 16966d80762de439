import type { Query, Snapshot, Transaction } from "../../ipam/store-port.ts";
import { toBytes } from "../keys/bytes.ts";
import type { Keys } from "../keys/keys.ts";
import type { Connection } from "./connect/connection.ts";
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
import { type RangeInit, rangesOf, readAnswers, type SnapshotState } from "./query.ts";
import { encodeRecord } from "./record-json.ts";
import type { RpcOptions } from "./wire/grpc.ts";
import { type Init, TXN } from "./wire/methods.ts";

/** etcd's default for --max-txn-ops: comparisons, and operations of each branch. */
export const MAX_OPERATIONS = 128;

/** A transaction of etcd. */
export type TxnInit = Init<TxnRequest>;
/** etcd's answer, and the connection that brought it. */
export type Answer = TxnResponse & { readonly connection: number };
type OpInit = Init<RequestOp>;

/** Sends a transaction over a connection. Rejects with RpcError. */
export async function sendTxn(etcd: Connection, request: TxnInit, rpc: RpcOptions): Promise<Answer> {
  return { ...(await etcd.call(TXN, request, rpc)), connection: etcd.number };
}

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

/** Where the store stood at an answer, which cluster of etcd gave it, and over which connection it came. */
export function stateOf(answer: Answer): SnapshotState {
  const { header, connection } = answer;
  const { clusterId = 0n } = header ?? {};
  const lineage = clusterId === 0n ? {} : { lineage: clusterId.toString(16) };
  return { revision: revisionOf(answer), ...lineage, connection };
}

/** The snapshot in the answer of a lost transaction. @throws StoreFailure damaged */
export function otherwiseOf(keys: Keys, query: Query, response: Answer): Snapshot {
  return readAnswers(keys, query, stateOf(response), rangeAnswers(response));
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
