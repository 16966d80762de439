import { auditStreamed } from "../../ipam/audit/streamed.ts";
import type { AuditFinding, FindingReason } from "../../ipam/audit/types.ts";
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

/** Reading all records and pods of a large cluster takes longer than other steps. */
const COMPARE_MS = 120_000;

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
  const deadline = performance.now() + COMPARE_MS;
  const live = { pods: () => access.inventory.pods(deadline), nodes: none };
  const input = { store: ports.store, live, clusterNames: access.names };
  const { findings, pods, records } = await auditStreamed(input, { deadline });
  // Addresses without an allocation are written: a record that cannot be read may be one (FAIL-CLOSED).
  const [damage] = records.damaged;
  if (damage !== undefined) throw damage.failure;
  return { records, pods, findings };
}

/** Nodes are judged by whether they answer. */
async function* none(): AsyncGenerator<never> {}
