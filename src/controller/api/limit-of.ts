import type { Address } from "../../address/address.ts";
import { CAPS } from "../../address/caps.ts";
import { describedNetwork } from "../../ipam/integrity/described-network.ts";
import type { Network } from "../../ipam/network.ts";
import { definitionsInForce, definitionsOf } from "../../ipam/network-definitions.ts";
import { networksHaving, requireNameable } from "../../ipam/plan/nameable.ts";
import type { NetworkDefinition } from "../../ipam/records.ts";
import type { CallOptions } from "../../ipam/store-port.ts";
import type { Limit } from "../../operator/limit.ts";
import type { ControllerContext } from "../context/context.ts";

/** What judges the requests of one namespace. */
type Judging = {
  readonly pools: Pick<ControllerContext["pools"], "all">;
  readonly configuration: Pick<ControllerContext["configuration"], "poolsOnly">;
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
 * The networks of an address space that pods may have the address of. Where pools have it in their subnets, in
 * whatever space, only theirs: no other network may name those, nor any where the file lets networks use pools only
 * (`poolsOnly`). Else what networks' names stand for; what they stood for before counts where nothing in force has the
 * address, for pods may still run there.
 */
async function networksAt(
  address: Address,
  space: string,
  { configuration, pools: known, ports }: Judging,
  options: CallOptions,
): Promise<readonly Network[]> {
  const pools = known.all.map(({ network }) => network);
  if (configuration.poolsOnly || networksHaving(address, pools).length > 0)
    return pools.filter((network) => network.space === space);
  const inForce: Network[] = [];
  const earlier: Network[] = [];
  // A network whose record is damaged is none that lets somebody name anything.
  const past = { ...options, damaged: () => undefined };
  for await (const { ref, record } of ports.store.list({ kind: "network" }, past)) {
    const described = (definitions: readonly NetworkDefinition[]) =>
      definitions.filter((each) => each.space === space).map((each) => describedNetwork(ref.name, each));
    inForce.push(...networksHaving(address, described(definitionsInForce(record))));
    earlier.push(...networksHaving(address, described(definitionsOf(record))));
  }
  return inForce.length > 0 ? inForce : earlier;
}
