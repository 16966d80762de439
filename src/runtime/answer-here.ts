import type { Ports } from "../ipam/ports.ts";
import type { NodeRecoveryRecord } from "../ipam/records.ts";
import { answerRecovery } from "../ipam/recovery/answer.ts";
import { cachedAttachments } from "./cached-attachments.ts";
import type { Asking } from "./open-ports.ts";

/**
 * Answers the store's last recovery for this node, with its journal and the runtime's CNI cache.
 *
 * @returns what was said; undefined where nothing was asked, or all is said.
 * @throws StoreFailure, IpamError.
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
