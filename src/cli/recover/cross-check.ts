import { audit } from "../../ipam/audit/audit.ts";
import type { AuditFinding, FindingReason } from "../../ipam/audit/types.ts";
import type { PodFacts } from "../../ipam/cluster-port.ts";
import { readRecords } from "../../ipam/integrity/store-records.ts";
import { holdOnEvidence, type Shown, shownOnSilent } from "../../ipam/recovery/evidence.ts";
import type { ClusterAccess } from "../../operator/cluster-access.ts";
import type { Session } from "../session/open.ts";
import { step } from "./step.ts";

/** What a comparison with Kubernetes' pods found, once the nodes have answered. */
export interface CrossCheck {
  /** False where Kubernetes could not be asked. */
  readonly asked: boolean;
  /** Addresses that the store now holds because pods of silent nodes show them. */
  readonly onEvidence: readonly Shown[];
  /** Where pods show something else than the store. */
  readonly findings: readonly AuditFinding[];
}

/** No pod shows anything else there. */
const OF_IMPORTS: readonly FindingReason[] = ["unknown-holder", "unclaimed"];

/**
 * Compares the store with the pods' status (podIPs, Multus' network-status), and writes allocations for
 * what pods of silent nodes show: their status is the only witness.
 *
 * @throws StoreFailure, IpamError; what was written before stays.
 */
export async function crossCheck(
  silent: readonly string[],
  access: ClusterAccess | undefined,
  session: Session,
): Promise<CrossCheck> {
  if (access === undefined) return { asked: false, onEvidence: [], findings: [] };
  const { ports } = session;
  const before = await look(access, session);
  const onEvidence: Shown[] = [];
  for (const shown of shownOnSilent(before.findings, before.pods, silent))
    if (await holdOnEvidence(shown, before.records.networks, ports, step())) onEvidence.push(shown);
  const { findings } = onEvidence.length > 0 ? await look(access, session) : before;
  return {
    asked: true,
    onEvidence,
    findings: findings.filter(
      ({ kind, reason }) => (kind === "duplicate" || kind === "unknown") && !OF_IMPORTS.includes(reason),
    ),
  };
}

async function look(access: ClusterAccess, { ports }: Session) {
  const records = await readRecords(ports.store, step());
  // Addresses without an allocation are written: a record that cannot be read may be one (FAIL-CLOSED).
  const [damage] = records.damaged;
  if (damage !== undefined) throw damage.failure;
  const pods: PodFacts[] = [];
  for await (const pod of access.inventory.pods(step().deadline)) pods.push(pod);
  const input = { records, live: { pods, nodes: [] }, clusterNames: access.names };
  return { records, pods, findings: audit(input).findings };
}
