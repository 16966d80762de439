import type { CallOptions } from "../../ipam/store-port.ts";
import type { EtcdClient } from "./client/client.ts";
import { EtcdFailure } from "./connect/etcd-failure.ts";
import type { StatusResponse } from "./gen/rpc.ts";
import { RpcError } from "./wire/grpc-status.ts";
import { STATUS } from "./wire/methods.ts";

const STATUS_MS = 500;

/**
 * Adds quota and size to the message of a "no-space" failure, where etcd reports them (the quota since
 * 3.6). Returns every other failure as it is. Never throws.
 */
export async function withQuota(
  client: EtcdClient,
  failure: unknown,
  deadline = Number.POSITIVE_INFINITY,
): Promise<unknown> {
  if (!(failure instanceof EtcdFailure) || failure.kind !== "no-space") return failure;
  const detail = { trouble: failure.trouble, mayHaveHappened: false };
  const numbers = await client
    .read((etcd, rpc) => etcd.call(STATUS, {}, rpc), {
      deadline: Math.min(deadline, performance.now() + STATUS_MS),
    })
    .then(describeQuota, () => "the quota is --quota-backend-bytes");
  return new EtcdFailure("no-space", detail, `${failure.message} (${numbers})`, failure.remedy);
}

/** The errors with which etcd answers a write during an alarm. */
const ALARMS: readonly (readonly [RegExp, string])[] = [
  [/alarm:\s*NOSPACE/, "etcdserver: mvcc: database space exceeded"],
  [/alarm:\s*CORRUPT/, "etcdserver: corrupt cluster"],
];

/**
 * Rejects as a write would while an alarm blocks writes. Needs no rights and writes nothing; a member that
 * does not answer counts as free of alarms.
 */
export async function requireNoAlarm(client: EtcdClient, options: CallOptions): Promise<void> {
  const ask = client.read(async (etcd, rpc) => {
    const { errors } = await etcd.call(STATUS, {}, rpc);
    const alarm = ALARMS.find(([words]) => errors.some((error) => words.test(error)));
    if (alarm !== undefined) throw new RpcError("resource-exhausted", alarm[1]);
  }, options);
  await ask.catch(async (failure) => {
    if (failure.kind === "no-space" || failure.kind === "unwritable")
      throw await withQuota(client, failure, options.deadline);
  });
}

function describeQuota({ dbSize, dbSizeQuota }: StatusResponse): string {
  const quota = dbSizeQuota > 0n ? `quota ${mebibytes(dbSizeQuota)}` : "quota as --quota-backend-bytes says";
  return `${quota}, database ${mebibytes(dbSize)}`;
}

function mebibytes(bytes: bigint): string {
  return `${(Number(bytes) / 2 ** 20).toFixed(0)} MiB`;
}
