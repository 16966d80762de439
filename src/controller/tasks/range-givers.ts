import type { PoolInSpace } from "../../config/parse/parse-node-configuration.ts";
import type { Giver } from "../../ipam/audit/usage.ts";
import { describedNetwork } from "../../ipam/integrity/described-network.ts";
import { definitionsInForce } from "../../ipam/network-definitions.ts";
import type { StoreIndex } from "../../ipam/survey/store-index.ts";

/** The pools in force, and the networks as their last ADDs described them, one for each address space. */
export function giversOf(pools: readonly PoolInSpace[], { networks }: Pick<StoreIndex, "networks">): Giver[] {
  return [
    ...pools.map(poolGiver),
    ...[...networks.values()].flatMap(({ ref: { name }, record }) =>
      [...Map.groupBy(definitionsInForce(record), ({ space }) => space)].map(([space, definitions]) => ({
        source: "network" as const,
        name,
        space,
        rules: definitions.map((definition) => describedNetwork(name, definition)),
      })),
    ),
  ];
}

export function poolGiver(pool: PoolInSpace): Giver {
  return { source: "pool", name: pool.name, space: pool.space, rules: [pool] };
}
