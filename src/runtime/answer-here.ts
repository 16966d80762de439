import type { Ports } from "../ipam/ports.ts";
import type { NodeRecoveryRecord } from "../ipam/records.ts";
import { answerRecovery } from "../ipam/recovery/answer.ts";
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
  return answerRecovery({ cached, otherStores }, ports, { deadline });
}
