import type { Log } from "../ipam/ports.ts";
import { refTo } from "../ipam/ref-to.ts";
import { cachedConfigurations } from "../runtime/cached-attachments.ts";
import type { Asking } from "../runtime/open-ports.ts";
import type { Lender } from "./warm/lend-ports.ts";

/**
 * The identities of the other stores that this node uses, so that a recovery of one leaves alone what is in them.
 *
 * @param living finds the configurations of the attachments that live here.
 * @throws StoreFailure, IpamError where one of them cannot be read.
 */
export async function otherStores(
  lender: Lender,
  own: Asking["configuration"],
  log: Log,
  deadline: number,
  living = () => cachedConfigurations(own.node.cniCacheDir),
): Promise<ReadonlySet<string>> {
  const uuids = new Set<string>();
  // What lives here counts, also where the agent has forgotten that it was ever asked for.
  const all = [...lender.known(), ...living()];
  for (const configuration of new Map(all.map((each) => [JSON.stringify(each.store), each])).values()) {
    if (Bun.deepEquals(configuration.store, own.store)) continue;
    const ports = await lender.lendBetweenVerbs({ verb: "GC", deadline, configuration }, log);
    try {
      const snapshot = await ports.store.read({ refs: [refTo.meta] }, { deadline });
      const uuid = snapshot.get(refTo.meta)?.record.uuid;
      if (uuid !== undefined) uuids.add(uuid);
    } finally {
      await ports.close();
    }
  }
  return uuids;
}
