import type { KubernetesSettings, NodeSettings, StoreSettings } from "./network-configuration.ts";
import { type NodeFileText, readNodeFile } from "./node-file.ts";
import { readPools } from "./pools.ts";
import { kubernetesSettings, nodeSettings, resolveSettings, storeSettings } from "./settings.ts";

/** What the node's file says to the roles that serve no single network: agent, controller, command line. */
export interface NodeConfiguration {
  readonly node: NodeSettings;
  readonly store: StoreSettings;
  readonly kubernetes: KubernetesSettings;
  readonly addressSpace: string;
  readonly coolingSeconds: number;
  readonly requireInit: boolean;
  readonly warnings: readonly string[];
}

/**
 * Reads the node's file; without one, the defaults hold.
 *
 * @throws IpamError decode for text that is no JSON, invalidConfig for a wrong value.
 */
export function parseNodeConfiguration(nodeFile?: NodeFileText): NodeConfiguration {
  const warnings: string[] = [];
  const warn = (text: string) => warnings.push(text);
  const file = nodeFile && readNodeFile(nodeFile, { warn });
  if (file) readPools(file, warn);
  const settings = resolveSettings({}, file, { warn });
  const { addressSpace, coolingSeconds, requireInit } = settings;
  return {
    node: nodeSettings(settings),
    store: storeSettings(settings, file),
    kubernetes: kubernetesSettings(settings),
    addressSpace,
    coolingSeconds,
    requireInit,
    warnings,
  };
}
