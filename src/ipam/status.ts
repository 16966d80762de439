import type { Network } from "./network.ts";
import { requireReady, verifyStore } from "./one-store.ts";
import type { Ports } from "./ports.ts";

/**
 * STATUS (CNI specification 1.1.0): the store answers, is the one this node knows, and is ready.
 * A full pool is no failure: with one cluster-wide pool it would turn every node NotReady.
 *
 * @throws StoreFailure, or IpamError storeCannotWrite or tryAgain (ONE-STORE).
 */
export async function status(ports: Ports, deadline: number, network?: Network): Promise<void> {
  const remembered = network && ports.node.storeMemory.recall(network.space);
  const snapshot = await ports.store.read({ refs: [{ kind: "meta" }] }, { deadline });
  if (network === undefined) return;
  requireReady(verifyStore(snapshot, remembered, network.space, ports), network.requireInit);
}
