import type { Address } from "../../address/address.ts";
import { CAPS } from "../../address/caps.ts";
import { networkOfRecord } from "../../ipam/integrity/network-of-record.ts";
import type { Network } from "../../ipam/network.ts";
import { networksHaving, requireNameable } from "../../ipam/plan/nameable.ts";
import type { CallOptions } from "../../ipam/store-port.ts";
import type { Limit } from "../../operator/limit.ts";
import type { ControllerContext } from "../context/context.ts";

/** What judges the requests of one namespace. */
type Judging = {
  readonly configuration: Pick<ControllerContext["configuration"], "pools">;
  readonly ports: Pick<ControllerContext["ports"], "store">;
};

/**
 * A caller with rights in one namespace changes what a pod of that namespace could have by naming it, and no more of it:
 * the pool's share counts, else one for all that the namespace reserves in the address space.
 */
export function limitOf(namespace: string, judging: Judging, options: CallOptions): Limit {
  return {
    namespace,
    judge: async (address, space) => {
      const networks = await networksAt(address, space, judging, options);
      const { policy } = requireNameable({ address, source: "reservation" }, namespace, networks);
      const most = policy?.maxPerNamespace;
      return policy === undefined || most === undefined
        ? { space, namespace, most: CAPS.reservationsOfNamespace }
        : { space, namespace, most, pool: policy.pool };
    },
  };
}

/**
 * The networks of an address space that pods may have the address of. Where pools have it in their subnets, in whatever
 * space, only theirs: no other network may name those.
 */
async function networksAt(
  address: Address,
  space: string,
  { configuration, ports }: Judging,
  options: CallOptions,
): Promise<Network[]> {
  const pools = configuration.pools.map(({ network }) => network);
  if (networksHaving(address, pools).length > 0) return pools.filter((network) => network.space === space);
  const known: Network[] = [];
  // A network whose record is damaged is none that lets somebody name anything.
  for await (const { ref, record } of ports.store.list(
    { kind: "network" },
    { ...options, damaged: () => undefined },
  ))
    if (record.space === space) known.push(networkOfRecord(ref.name, record));
  return known;
}
