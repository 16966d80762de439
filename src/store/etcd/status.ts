import type { EtcdSettings } from "../../config/network-configuration.ts";
import type { CallOptions, StoreFailure } from "../../ipam/store-port.ts";
import { EtcdClient } from "./client/client.ts";
import type { StatusResponse } from "./gen/rpc.ts";
import { STATUS } from "./wire/methods.ts";

/** What one etcd member says of itself, or why it says nothing. For people; no decision rests on it. */
export type EndpointStatus =
  | {
      readonly endpoint: string;
      readonly version: string;
      readonly leader: boolean;
      /** Bytes of the database file. */
      readonly size: number;
      /** Bytes; undefined where etcd does not tell (before 3.6). */
      readonly quota?: number;
      /** Its alarms and complaints, e.g. "etcdserver: no leader". */
      readonly errors: readonly string[];
      /** Milliseconds from the first packet to the answer, connecting included. */
      readonly milliseconds: number;
    }
  | { readonly endpoint: string; readonly failure: StoreFailure };

/** Asks every endpoint for itself, all at once. Never rejects. */
export function etcdStatus(settings: EtcdSettings, options: CallOptions): Promise<EndpointStatus[]> {
  return Promise.all(settings.endpoints.map((endpoint) => statusOf(settings, endpoint, options)));
}

async function statusOf(
  settings: EtcdSettings,
  endpoint: string,
  options: CallOptions,
): Promise<EndpointStatus> {
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
    ...(dbSizeQuota > 0n ? { quota: Number(dbSizeQuota) } : {}),
    errors,
  };
}
