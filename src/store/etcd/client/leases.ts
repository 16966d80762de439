import { BoundedMap } from "../../../ipam/bounded-map.ts";
import type { CallOptions } from "../../../ipam/store-port.ts";
import { LEASE_GRANT } from "../wire/methods.ts";
import type { EtcdClient } from "./client.ts";

/** So many times to live have a lease at hand: a network says how long its addresses cool down. */
const MOST = 64;

/** Leases for records that expire, shared by records of about the same time. */
export interface Leases {
  /** A lease that lives at least `seconds` from now, and at most a sixth (10 s) longer. */
  lease(seconds: number, options: CallOptions): Promise<bigint>;
  /** Forgets a lease that is gone: the next call gets a new one. */
  forget(lease: bigint): Promise<void>;
}

interface Shared {
  readonly lease: Promise<bigint>;
  /** performance.now() until which it may be handed out. */
  readonly until: number;
}

/** Makes leases. A grant with an unknown outcome is repeated: a lease without keys ends by itself. */
export function makeLeases(client: EtcdClient): Leases {
  const shared = new BoundedMap<number, Shared>(MOST);
  return {
    lease: async (seconds, options) => {
      const known = shared.get(seconds);
      if (known !== undefined && performance.now() < known.until) return known.lease;
      const slack = Math.min(10, Math.floor(seconds / 6));
      const lease = grant(client, seconds + slack, options);
      const entry = { lease, until: performance.now() + slack * 1000 };
      shared.set(seconds, entry);
      try {
        return await lease;
      } catch (failure) {
        if (shared.get(seconds) === entry) shared.delete(seconds);
        throw failure;
      }
    },
    forget: async (lease) => {
      for (const [seconds, entry] of shared.entries()) {
        if ((await entry.lease.catch(() => lease)) === lease) shared.delete(seconds);
      }
    },
  };
}

async function grant(client: EtcdClient, seconds: number, options: CallOptions): Promise<bigint> {
  const granted = await client.read(
    (etcd, rpc) => etcd.call(LEASE_GRANT, { TTL: BigInt(Math.ceil(seconds)) }, rpc),
    options,
  );
  return granted.ID;
}
