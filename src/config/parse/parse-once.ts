import { remembered } from "../../address/remembered.ts";
import { BoundedMap } from "../../ipam/bounded-map.ts";
import type { NetworkConfiguration } from "../network-configuration.ts";
import type { ClusterPools } from "../settings/cluster-pools.ts";
import { parseNetworkConfiguration } from "./parse-network-configuration.ts";

type Input = Parameters<typeof parseNetworkConfiguration>[0];

/** Most pods of a network come with the same text; text that carries annotations does not repeat. */
const MOST = 64;
const LONGEST = 16_384;

const known = new BoundedMap<string, NetworkConfiguration>(MOST);

/**
 * As parseNetworkConfiguration, but a text that was read recently is not read again: the
 * result is the very same object.
 */
export function parseOnce(input: Input): NetworkConfiguration {
  const { stdin, nodeFile, purpose } = input;
  const pools = nodeFile?.clusterPools && numberOf(nodeFile.clusterPools);
  const key = [purpose, pools, nodeFile?.path, nodeFile?.text, stdin].join("\0");
  const before = known.get(key);
  if (before !== undefined) return before;
  const configuration = parseNetworkConfiguration(input);
  if (key.length > LONGEST) return configuration;
  known.set(key, configuration);
  return configuration;
}

let count = 0;
/** Tells one state of the cluster's pools from another. */
const numberOf = remembered((_: ClusterPools) => ++count);
