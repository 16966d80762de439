import type { CallOptions, Outcome, Transaction } from "../../ipam/store-port.ts";
import type { EtcdClient } from "./client.ts";
import { EtcdFailure } from "./etcd-failure.ts";
import { KV, type TxnResponse } from "./gen/rpc_pb.ts";
import type { Keys } from "./keys.ts";
import type { Leases } from "./leases.ts";
import { withQuota } from "./quota.ts";
import { completed } from "./read.ts";
import { commitTxn, revisionOf } from "./txn.ts";

export interface Committing {
  readonly client: EtcdClient;
  readonly keys: Keys;
  readonly leases: Leases;
}

/** One guarded transaction, one round trip (and one for a lease where a put wants to vanish). */
export async function commit(
  { client, keys, leases }: Committing,
  transaction: Transaction,
  options: CallOptions,
): Promise<Outcome> {
  const seconds = Math.max(0, ...transaction.puts.map((put) => put.seconds ?? 0));
  const send = async (): Promise<TxnResponse> => {
    const lease = seconds > 0 ? await leases.lease(seconds, options) : 0n;
    const request = commitTxn(keys, transaction, lease);
    try {
      return await client.write((etcd, rpc) => etcd.call(KV.method.txn, request, rpc), options);
    } catch (failure) {
      if (isLeaseGone(failure)) await leases.forget(lease);
      throw failure;
    }
  };
  try {
    const response = await send().catch((failure) =>
      isLeaseGone(failure) ? send() : Promise.reject(failure),
    );
    return await outcomeOf(client, keys, transaction, response, options);
  } catch (failure) {
    throw await withQuota(client, failure);
  }
}

async function outcomeOf(
  client: EtcdClient,
  keys: Keys,
  { otherwise }: Transaction,
  response: TxnResponse,
  options: CallOptions,
): Promise<Outcome> {
  if (response.succeeded) return { won: true, revision: revisionOf(response) };
  if (otherwise === undefined) return { won: false };
  return { won: false, snapshot: await completed(client, keys, otherwise, response, options) };
}

function isLeaseGone(failure: unknown): boolean {
  return failure instanceof EtcdFailure && failure.trouble === "lease";
}
