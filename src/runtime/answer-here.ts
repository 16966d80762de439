import { locationOf } from "../ipam/journal-entry.ts";
import type { Ports } from "../ipam/ports.ts";
import type { NodeRecoveryRecord } from "../ipam/records.ts";
import { answerRecovery } from "../ipam/recovery/answer.ts";
import { refTo } from "../ipam/ref-to.ts";
import { isBegunAt } from "../store/kinds/begun.ts";
import { cachedAttachments } from "./cached-attachments.ts";
import type { Asking } from "./open-ports.ts";

/**
 * Answers the store's last recovery for this node, from its journal and the runtime's CNI cache.
 *
 * @param deadline milliseconds of performance.now().
 * @returns the answer; undefined where the store waits for none.
 * @throws StoreFailure, IpamError; the node answers again later then.
 */
export function answerHere(
  configuration: Asking["configuration"],
  ports: Ports,
  otherStores: () => Promise<ReadonlySet<string>>,
  deadline: number,
): Promise<NodeRecoveryRecord | undefined> {
  const cached = () => cachedAttachments(configuration, ports, deadline);
  const others = async () => new Set([...(await otherStores()), ...(await storesElsewhere(ports, deadline))]);
  return answerRecovery({ cached, otherStores: others }, ports, { deadline });
}

/** Networks may have folders of their own, but have one journal: the stores in other folders that are there. */
async function storesElsewhere({ node, store }: Ports, deadline: number): Promise<string[]> {
  const own = (await store.read({ refs: [refTo.meta] }, { deadline })).get(refTo.meta)?.record.uuid;
  const here = locationOf(store.description);
  return node.journal
    .list()
    .filter(({ storeUuid, storeLocation = here }) => storeUuid !== own && storeLocation !== here)
    .flatMap(({ storeUuid, storeLocation = "" }) => (isBegunAt(storeLocation) ? storeUuid : []));
}
