import { IpamError } from "../errors.ts";
import type { Network } from "../network.ts";
import type { PodId } from "../records.ts";
import type { StoreDescription } from "../store-port.ts";

/**
 * ONE-STORE: why a pod of a cluster gets no address from this store, or undefined where it may. Pods need one store for
 * all nodes; one that is not shared serves a single node, or nodes whose ranges are their own. Where the configuration
 * is not at hand nothing is known of that.
 */
export function whyNotOfNode(
  pod: PodId | undefined,
  { nodeLocal }: Pick<Network, "nodeLocal">,
  { shared }: Pick<StoreDescription, "shared">,
): IpamError | undefined {
  if (pod === undefined || shared || nodeLocal !== false) return undefined;
  return new IpamError(
    "invalidConfig",
    "a pod of a cluster asks for an address, but the configuration names no store that all nodes share",
    'set store to "kubernetes", or etcdConfig, or nodeLocal: true if there is one node or each node has ranges of its own',
  );
}
