import type { PoolInSpace } from "../../config/parse/parse-node-configuration.ts";
import { audit } from "../../ipam/audit/audit.ts";
import { FindingAges } from "../../ipam/audit/finding-ages.ts";
import { type Giver, usageOf } from "../../ipam/audit/usage.ts";
import { pastDamage, warnOfDamage } from "../../ipam/integrity/damage.ts";
import { describedNetwork } from "../../ipam/integrity/described-network.ts";
import { readRecords, type StoreRecords } from "../../ipam/integrity/store-records.ts";
import { definitionsInForce } from "../../ipam/network-definitions.ts";
import type { ControllerContext } from "../context/context.ts";
import type { RoundOptions, Task } from "./task.ts";

/** Counts pools and networks, and what is wrong in the store, for the gauges. Changes nothing. */
export function countTask({ configuration, inventory, metrics, ports }: ControllerContext): Task {
  const ages = new FindingAges(() => performance.now());
  const { counts } = metrics;

  const countRanges = async (records: StoreRecords, options: RoundOptions) => {
    const past = pastDamage(options, ports);
    const cooling = await Array.fromAsync(ports.store.list({ kind: "cooling" }, past));
    if (!options.signal.aborted)
      counts.setUsage(usageOf(giversOf(configuration.pools, records), { ...records, cooling }));
  };

  const countFindings = async (records: StoreRecords, { deadline, signal }: RoundOptions) => {
    const pods = await Array.fromAsync(inventory.pods(deadline));
    const nodes = await Array.fromAsync(inventory.nodes(deadline));
    const { findings } = audit({ records, live: { pods, nodes }, clusterNames: ports.clusterNames });
    const still = ages.note(findings);
    if (!signal.aborted)
      counts.setFindings(still, ages.oldestSeconds(still.filter(({ kind }) => kind === "leak")));
  };

  return {
    name: "counts",
    timeoutMs: 60_000,
    round: async (options) => {
      const records = await readRecords(ports.store, options);
      for (const { failure } of records.damaged) warnOfDamage(failure, ports);
      await countRanges(records, options);
      await countFindings(records, options);
      return "later";
    },
    stop: () => counts.clear(),
  };
}

/** The pools of the configuration, and the networks as their last ADDs described them, one for each address space. */
function giversOf(pools: readonly PoolInSpace[], records: StoreRecords): Giver[] {
  return [
    ...pools.map((pool) => ({ source: "pool" as const, name: pool.name, space: pool.space, rules: [pool] })),
    ...records.networks.flatMap(({ ref: { name }, record }) =>
      [...Map.groupBy(definitionsInForce(record), ({ space }) => space)].map(([space, definitions]) => ({
        source: "network" as const,
        name,
        space,
        rules: definitions.map((definition) => describedNetwork(name, definition)),
      })),
    ),
  ];
}
