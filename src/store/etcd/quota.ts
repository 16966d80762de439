import type { EtcdClient } from "./client.ts";
import { EtcdFailure } from "./etcd-failure.ts";
import type { StatusResponse } from "./gen/rpc.ts";
import { STATUS } from "./methods.ts";

const STATUS_MS = 500;

/**
 * A "no-space" failure with the numbers in its message, where etcd tells them (the quota from 3.6
 * on); every other failure as it is.
 */
export async function withQuota(client: EtcdClient, failure: unknown): Promise<unknown> {
  if (!(failure instanceof EtcdFailure) || failure.kind !== "no-space") return failure;
  const detail = { trouble: failure.trouble, mayHaveHappened: false };
  const numbers = await client
    .read((etcd, rpc) => etcd.call(STATUS, {}, rpc), {
      deadline: performance.now() + STATUS_MS,
    })
    .then(describeQuota, () => "the quota is --quota-backend-bytes");
  return new EtcdFailure("no-space", detail, `${failure.message} (${numbers})`, failure.remedy);
}

function describeQuota({ dbSize, dbSizeQuota }: StatusResponse): string {
  const quota = dbSizeQuota > 0n ? `quota ${mebibytes(dbSizeQuota)}` : "quota as --quota-backend-bytes says";
  return `${quota}, database ${mebibytes(dbSize)}`;
}

function mebibytes(bytes: bigint): string {
  return `${(Number(bytes) / 2 ** 20).toFixed(0)} MiB`;
}
