import { compareAddresses, tryParseAddress } from "../../address/address.ts";
import { findDamaged } from "./damage.ts";
import { findDuplicates } from "./duplicates.ts";
import { findUnclaimed, isWitnessed } from "./imported.ts";
import { findLeaks, isJudged } from "./leaks.ts";
import { findInconsistencies } from "./records.ts";
import { type Scene, sceneOf } from "./scene.ts";
import { findUnheld } from "./shown.ts";
import type { Audit, AuditFinding, AuditInput } from "./types.ts";

/**
 * Compares the store's records with the witnesses that are given: Kubernetes' pods and nodes, this
 * node's network namespaces. Pure. The witnesses were read one after the other, so a finding counts
 * only if a second audit finds it again (`lasting`).
 */
export function audit(input: AuditInput): Audit {
  const scene = sceneOf(input);
  const findings = [
    ...findLeaks(scene),
    ...findUnclaimed(scene),
    ...findDuplicates(scene),
    ...findUnheld(scene),
    ...findInconsistencies(input.records),
  ];
  return {
    findings: [...findDamaged(input.records), ...inOrder(findings)],
    judged: { allocations: input.records.allocations.length, pods: input.live?.pods.length ?? 0 },
    unjudged: unjudged(scene),
  };
}

/** The findings of a later audit that the earlier one had too. */
export function lasting(before: readonly AuditFinding[], now: readonly AuditFinding[]): AuditFinding[] {
  const known = new Set(before.map(({ id }) => id));
  return now.filter(({ id }) => known.has(id));
}

function unjudged(scene: Scene): number {
  return scene.records.allocations
    .flatMap((entry) => entry.record.holders.map((holder) => ({ entry, holder })))
    .filter(({ entry, holder }) => !isJudged(holder, scene) && !isWitnessed(entry, holder, scene)).length;
}

function inOrder(findings: readonly AuditFinding[]): AuditFinding[] {
  return findings.toSorted((a, b) => {
    const [first, second] = [tryParseAddress(a.address), tryParseAddress(b.address)];
    const byAddress = first && second ? compareAddresses(first, second) : 0;
    return byAddress || (a.id < b.id ? -1 : 1);
  });
}
