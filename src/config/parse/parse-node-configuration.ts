import type { Network } from "../../ipam/network.ts";
import type { KubernetesSettings, NodeSettings, StoreSettings } from "../network-configuration.ts";
import { type NodeFileText, readNodeFile } from "../settings/node-file.ts";
import { type Pool, spaceOfPool } from "../settings/pools.ts";
import { NO_POOLS, type PoolFault, poolsInForce } from "../settings/pools-in-force.ts";
import { kubernetesSettings, nodeSettings, resolveSettings, storeSettings } from "../settings/settings.ts";
import { collectWarnings } from "../text/collect-warnings.ts";
import { refuseKey } from "../text/key-fault.ts";
import { excludedOfPool } from "./pool-of-network.ts";

/** What the node's file says to the roles that serve no single network: agent, controller, command line. */
export interface NodeConfiguration {
  readonly node: NodeSettings;
  readonly store: StoreSettings;
  readonly kubernetes: KubernetesSettings;
  readonly addressSpace: string;
  readonly coolingSeconds: number;
  readonly requireInit: boolean;
  /** Those in force: of the file, and of the cluster as far as the file came with them. */
  readonly pools: readonly PoolInSpace[];
  /** Pools of the cluster that are not in force. */
  readonly poolFaults: ReadonlyMap<string, PoolFault>;
  /** Networks may use these pools, and name no addresses themselves. */
  readonly poolsOnly: boolean;
  readonly warnings: readonly string[];
}

/** A pool, and the address space that its addresses belong to. */
export interface PoolInSpace extends Pool {
  readonly space: string;
  /** As of a network that uses the pool, and adds nothing to the node's file. */
  readonly network: Network;
}

/**
 * Reads the node's file; without one, the defaults hold.
 *
 * @throws IpamError decode for text that is no JSON, invalidConfig for a wrong value.
 */
export function parseNodeConfiguration(nodeFile?: NodeFileText): NodeConfiguration {
  const { warn, collected } = collectWarnings();
  const file = nodeFile && readNodeFile(nodeFile, { warn, refuse: refuseKey });
  const { faults, inForce } = file === undefined ? NO_POOLS : poolsInForce(file, warn);
  const pools = [...inForce.values()];
  const settings = resolveSettings({}, file, { warn });
  const { addressSpace, coolingSeconds, exclude, requireInit } = settings;
  const inSpace = (pool: Pool, spaceOf: (each: Pool) => string): PoolInSpace => {
    const { name, sets, policy } = pool;
    const space = spaceOf(pool);
    const never = [...exclude, ...excludedOfPool(pool, pools, spaceOf)];
    return {
      ...pool,
      space,
      network: { name, space, sets, exclude: never, coolingSeconds, requireInit, policy },
    };
  };
  return {
    node: nodeSettings(settings, file),
    store: storeSettings(settings, file),
    kubernetes: kubernetesSettings(settings),
    addressSpace,
    coolingSeconds,
    requireInit,
    pools: file === undefined ? [] : pools.map((pool) => inSpace(pool, (each) => spaceOfPool(each, file))),
    poolFaults: faults,
    poolsOnly: file?.poolsOnly ?? false,
    warnings: collected(),
  };
}
