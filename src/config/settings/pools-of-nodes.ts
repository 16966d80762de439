import type { PoolOfNodes } from "../../ipam/network.ts";
import { refuseKey } from "../text/key-fault.ts";
import { type NodeFileText, readNodeFile } from "./node-file.ts";
import { poolIntervals, spaceOfPool } from "./pools.ts";
import { poolsInForce } from "./pools-in-force.ts";

/**
 * The pools of a node's file and of its cluster, and which nodes may use each: what a node cannot hold.
 *
 * @throws IpamError decode, invalidConfig.
 */
export function poolsOfNodes(file: NodeFileText | undefined): PoolOfNodes[] {
  if (file === undefined) return [];
  const warn = () => undefined;
  const nodeFile = readNodeFile(file, { warn, refuse: refuseKey });
  return [...poolsInForce(nodeFile, warn).inForce.values()].map((pool) => ({
    space: spaceOfPool(pool, nodeFile),
    intervals: poolIntervals(pool),
    ...(pool.policy.nodes && { nodes: pool.policy.nodes }),
  }));
}
