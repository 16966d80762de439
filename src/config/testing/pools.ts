import { type PoolInSpace, parseNodeConfiguration } from "../parse/parse-node-configuration.ts";

/** The pools of a node's file, as the controller reads them. */
export function readPoolsOf(pools: object, more: object = {}): readonly PoolInSpace[] {
  return parseNodeConfiguration({
    path: "/etc/kube-ipam/config.json",
    text: JSON.stringify({ pools, ...more }),
  }).pools;
}
