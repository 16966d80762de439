import type { CallOptions, Query, Snapshot } from "../../ipam/store-port.ts";
import type { Keys } from "../keys/keys.ts";
import type { EtcdClient } from "./client/client.ts";
import type { RangeResponse } from "./gen/rpc.ts";
import { type RangeInit, rangesOf, readAnswers } from "./query.ts";
import { type Answer, MAX_OPERATIONS, otherwiseOf, rangeAnswers, readTxn, sendTxn, stateOf } from "./txn.ts";

/**
 * Reads a consistent snapshot in one round trip. A query of more ranges than a transaction may have takes
 * more round trips, at the revision of the first. @throws StoreFailure
 */
export async function readSnapshot(
  client: EtcdClient,
  keys: Keys,
  query: Query,
  options: CallOptions,
): Promise<Snapshot> {
  const ranges = rangesOf(keys, query);
  const first = await client.read(
    (etcd, rpc) => sendTxn(etcd, readTxn(ranges.slice(0, MAX_OPERATIONS), keys), rpc),
    options,
  );
  if (ranges.length <= MAX_OPERATIONS) return otherwiseOf(keys, query, first);
  return completed(client, keys, query, first, options);
}

/** Reads what did not fit into the transaction of the answer `first`, at its revision. @throws StoreFailure */
export async function completed(
  client: EtcdClient,
  keys: Keys,
  query: Query,
  first: Answer,
  options: CallOptions,
): Promise<Snapshot> {
  const state = stateOf(first);
  const answers: RangeResponse[] = rangeAnswers(first);
  const rest = rangesOf(keys, query).slice(MAX_OPERATIONS);
  for (let start = 0; start < rest.length; start += MAX_OPERATIONS) {
    const ranges = rest
      .slice(start, start + MAX_OPERATIONS)
      .map((range): RangeInit => ({ ...range, revision: BigInt(state.revision) }));
    const next = await client.read((etcd, rpc) => sendTxn(etcd, readTxn(ranges, keys), rpc), options);
    answers.push(...rangeAnswers(next));
  }
  return readAnswers(keys, query, state, answers);
}
