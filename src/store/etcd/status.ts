import type { EtcdSettings } from "../../config/network-configuration.ts";
import type { CallOptions, StoreFailure } from "../../ipam/store-port.ts";
import type { MemberStatus } from "../configured-store.ts";
import { EtcdClient } from "./client/client.ts";
import type { StatusResponse } from "./gen/rpc.ts";
import { STATUS } from "./wire/methods.ts";

/** Asks each endpoint for its own status, all at once. Never rejects. */
export function etcdStatus(settings: EtcdSettings, options: CallOptions): Promise<MemberStatus[]> {
  return Promise.all(settings.endpoints.map((endpoint) => statusOf(settings, endpoint, options)));
}

async function statusOf(
  settings: EtcdSettings,
  endpoint: string,
  options: CallOptions,
): Promise<MemberStatus> {
  const client = new EtcdClient({ ...settings, endpoints: [endpoint] });
  const begin = performance.now();
  try {
    const answer = await client.read((etcd, rpc) => etcd.call(STATUS, {}, rpc), options);
    return { endpoint, ...described(answer), milliseconds: performance.now() - begin };
  } catch (failure) {
    return { endpoint, failure: failure as StoreFailure };
  } finally {
    client.close();
  }
}

function described({ version, header, leader, dbSize, dbSizeQuota, errors }: StatusResponse) {
  return {
    version,
    leader: leader !== 0n && header?.memberId === leader,
    size: Number(dbSize),
    // Before 3.6 etcd does not tell.
    ...(dbSizeQuota > 0n ? { quota: Number(dbSizeQuota) } : {}),
    errors,
  };
}
