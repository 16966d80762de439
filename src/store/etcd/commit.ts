import type { CallOptions, Outcome, Transaction } from "../../ipam/store-port.ts";
import type { Keys } from "../keys/keys.ts";
import { requireOnePutEach } from "../one-put-each.ts";
import type { Parcel, Sender } from "./batch.ts";
import type { EtcdClient } from "./client/client.ts";
import type { Leases } from "./client/leases.ts";
import { EtcdFailure } from "./connect/etcd-failure.ts";
import { withQuota } from "./quota.ts";
import { completed } from "./read.ts";
import { withSizes } from "./sizes.ts";
import { type Answer, commitTxn, stateOf } from "./txn.ts";

/** What a commit uses. */
export interface Committing {
  readonly client: EtcdClient;
  readonly keys: Keys;
  readonly leases: Leases;
  readonly send: Sender;
}

/** Commits a guarded transaction in one round trip, and one more for the lease of a put that expires. @throws StoreFailure; Error where it puts a record twice. */
export async function commit(
  { client, keys, leases, send }: Committing,
  transaction: Transaction,
  options: CallOptions,
): Promise<Outcome> {
  requireOnePutEach(transaction);
  const seconds = Math.max(0, ...transaction.puts.map((put) => put.seconds ?? 0));
  const attempt = async (): Promise<Answer> => {
    const lease = seconds > 0 ? await leases.lease(seconds, options) : 0n;
    try {
      return await send(parcelOf(keys, transaction, lease), options);
    } catch (failure) {
      if (isLeaseGone(failure)) await leases.forget(lease);
      throw failure;
    }
  };
  try {
    const response = await attempt().catch((failure) => {
      if (isLeaseGone(failure)) return attempt();
      throw failure;
    });
    return await outcomeOf(client, keys, transaction, response, options);
  } catch (failure) {
    if (failure instanceof EtcdFailure && failure.trouble === "other-connection") return { won: false };
    throw withSizes(await withQuota(client, failure), keys, transaction);
  }
}

function parcelOf(keys: Keys, transaction: Transaction, lease: bigint): Parcel {
  return {
    request: commitTxn(keys, transaction, lease),
    guarded: transaction.guards.map(({ ref }) => keys.keyOf(ref)),
    connection: transaction.connection,
    written: [...transaction.puts.map(({ ref }) => ref), ...transaction.deletes].map(keys.keyOf),
  };
}

async function outcomeOf(
  client: EtcdClient,
  keys: Keys,
  { otherwise }: Transaction,
  response: Answer,
  options: CallOptions,
): Promise<Outcome> {
  if (response.succeeded) {
    const { connection: _, ...standing } = stateOf(response);
    return { won: true, ...standing };
  }
  if (otherwise === undefined) return { won: false };
  return { won: false, snapshot: await completed(client, keys, otherwise, response, options) };
}

function isLeaseGone(failure: unknown): boolean {
  return failure instanceof EtcdFailure && failure.trouble === "lease";
}
