import { compareAddresses, tryParseAddress } from "../../address/address.ts";
import { findDamaged } from "./damage.ts";
import { findDuplicates } from "./duplicates.ts";
import { findUnclaimed, isWitnessed } from "./imported.ts";
import { findLeaks, isJudged } from "./leaks.ts";
import { findLost } from "./lost.ts";
import { findInconsistencies } from "./records.ts";
import { isForeign, type Scene, sceneOf } from "./scene.ts";
import { findUnheld } from "./shown.ts";
import { findSuspicion } from "./suspicion.ts";
import type { Audit, AuditFinding, AuditInput } from "./types.ts";
import { findUnfulfilled } from "./wishes.ts";

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
    ...findUnheldAndLost(scene),
    ...findUnfulfilled(scene),
    ...findInconsistencies({ ...input.records, ...input.known?.compared }),
  ];
  return {
    findings: [...findSuspicion(input), ...findDamaged(input.records), ...inOrder(findings)],
    judged: { allocations: input.records.allocations.length, pods: input.live?.pods.length ?? 0 },
    unjudged: unjudged(scene),
    ...strangersHere(scene),
  };
}

/** The findings of a later audit that the earlier one had too. */
export function lasting(before: readonly AuditFinding[], now: readonly AuditFinding[]): AuditFinding[] {
  const known = new Set(before.map(({ id }) => id));
  return now.filter(({ id }) => known.has(id));
}

/** Each address once: a pod's status may show the loss that its node knows of. */
function findUnheldAndLost(scene: Scene): AuditFinding[] {
  const unheld = findUnheld(scene);
  const shown = new Set(unheld.map(({ space, address }) => `${space} ${address}`));
  return [...unheld, ...findLost(scene).filter(({ space, address }) => !shown.has(`${space} ${address}`))];
}

function unjudged(scene: Scene): number {
  return scene.records.allocations
    .flatMap((entry) => entry.record.holders.map((holder) => ({ entry, holder })))
    .filter(({ entry, holder }) => !isJudged(holder, scene) && !isWitnessed(entry, holder, scene)).length;
}

function strangersHere(scene: Scene): Pick<Audit, "strangersHere"> {
  const holders = scene.records.allocations.flatMap(({ record }) => record.holders);
  const here = holders.filter(({ node }) => node === scene.here?.name);
  const named = here.flatMap((holder) => (isForeign(holder, scene) && holder.cluster) || []);
  if (named.length === 0 || named.length < here.length) return {};
  return { strangersHere: [...new Set(named)].sort() };
}

function inOrder(findings: readonly AuditFinding[]): AuditFinding[] {
  return findings.toSorted((a, b) => {
    const [first, second] = [tryParseAddress(a.address), tryParseAddress(b.address)];
    const byAddress = first && second ? compareAddresses(first, second) : 0;
    return byAddress || (a.id < b.id ? -1 : 1);
  });
}
