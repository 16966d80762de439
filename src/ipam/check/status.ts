import { IpamError } from "../errors.ts";
import { recallStore } from "../integrity/identity.ts";
import { requireReady, verifyStore } from "../integrity/one-store.ts";
import type { Network } from "../network.ts";
import type { Ports } from "../ports.ts";
import { refTo } from "../ref-to.ts";

/**
 * STATUS (CNI specification 1.1.0): requires that the store answers, is the one that this node knows, is
 * ready and takes writes, and that `runDir` takes new files. Without a network, only that it answers.
 * A full pool is no failure: with one cluster-wide pool it would turn every node NotReady.
 *
 * @throws StoreFailure; IpamError storeCannotWrite or tryAgain (ONE-STORE), or notAvailable (`runDir`).
 */
export async function status(ports: Ports, deadline: number, network?: Network): Promise<void> {
  const remembered = network && recallStore(network.space, ports);
  const snapshot = await ports.store.read({ refs: [refTo.meta] }, { deadline });
  if (network === undefined) return;
  requireReady(verifyStore(snapshot, remembered, network.space, ports), network.requireInit);
  await ports.store.requireWritable({ deadline });
  requireNode(ports);
}

function requireNode({ node }: Ports): void {
  try {
    node.requireWritable();
  } catch (failure) {
    if (!(failure instanceof IpamError)) throw failure;
    throw new IpamError("notAvailable", failure.message, failure.details, { cause: failure });
  }
}
