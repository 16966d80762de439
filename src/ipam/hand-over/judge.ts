import type { IpamError } from "../errors.ts";
import { holderPodIsGone, isFenced, podIsGone } from "../evidence/fencing.ts";
import { sameAttachment, samePod } from "../same.ts";
import type { Asker, HandOverFacts } from "./facts.ts";
import {
  heldByContainer,
  heldByOwnPod,
  heldByRunningPod,
  heldByUnknown,
  heldOnLeaving,
  notWanted,
} from "./refusals.ts";

/**
 * What the asker may do with an address that has a holder. "wait": the holder's DEL is due, so the
 * store's key will change; `refusal` is the error when it does not change in time.
 */
export type Verdict =
  | { readonly action: "same" }
  | { readonly action: "hand-over"; readonly evidence: Evidence }
  | { readonly action: "share" }
  | { readonly action: "wait"; readonly refusal: IpamError }
  | { readonly action: "refuse"; readonly refusal: IpamError };

/** Why a hand-over is safe, for the log: the three reasons that EVIDENCE allows without an operator. */
export type Evidence = "its DEL came" | "its network namespace is gone" | "its node is fenced";

/** The rows of the hand-over table of docs/design.md section 5, in their order. */
export type HandOverRow =
  | "same attachment"
  | "same container"
  | "asker not wanted"
  | "on this node, and gone"
  | "fenced"
  | "live migration"
  | "same pod"
  | "not a pod"
  | "leaving"
  | "unknown"
  | "alive";

type Rule = (facts: HandOverFacts) => Verdict | undefined;

const TABLE: readonly (readonly [HandOverRow, Rule])[] = [
  ["same attachment", sameAttachmentRow],
  ["same container", sameContainerRow],
  ["asker not wanted", unwantedRow],
  ["on this node, and gone", localEvidenceRow],
  ["fenced", fencedRow],
  ["live migration", migrationRow],
  ["same pod", ownPodRow],
  ["not a pod", containerRow],
  ["leaving", leavingRow],
  ["unknown", unknownRow],
];

/** Rows that need only facts of this node, in the order in which they may be tried without the others. */
const LOCAL: readonly Rule[] = [
  sameAttachmentRow,
  sameContainerRow,
  unwantedRow,
  localEvidenceRow,
  ownPodRow,
  containerRow,
];

/**
 * The hand-over table of docs/design.md section 5: may the asker take the address from this one holder?
 * Tries the rows in the table's order; the first match wins. Pure. "unknown" never counts as evidence.
 */
export function judge(facts: HandOverFacts): Verdict {
  return judgeByRow(facts).verdict;
}

/** The verdict, and the row that gives it. */
export function judgeByRow(facts: HandOverFacts): { readonly row: HandOverRow; readonly verdict: Verdict } {
  for (const [row, rule] of TABLE) {
    const verdict = rule(facts);
    if (verdict !== undefined) return { row, verdict };
  }
  return { row: "alive", verdict: refuse(heldByRunningPod(facts)) };
}

/** Whether the facts of this node decide, whatever Kubernetes says. */
export function decidedLocally(facts: HandOverFacts): boolean {
  return LOCAL.some((rule) => rule(facts) !== undefined);
}

/** Whether the asking pod is known to be gone, replaced, being deleted or finished. */
export function isUnwanted({ pod, podState }: Pick<Asker, "pod" | "podState">): boolean {
  if (pod === undefined || podState === "unknown") return false;
  if (podState === "absent" || podIsGone(pod, podState)) return true;
  return podState.deleting || podState.finished;
}

function sameAttachmentRow(facts: HandOverFacts): Verdict | undefined {
  const { asker, holder } = facts;
  const named = onAskersNode(facts) && holder.node === asker.node;
  const same = named && sameAttachment(holder.attachment, asker.attachment);
  return same ? { action: "same" } : undefined;
}

function sameContainerRow(facts: HandOverFacts): Verdict | undefined {
  const { asker, holder } = facts;
  const same = onAskersNode(facts) && holder.attachment.container === asker.attachment.container;
  return same ? refuse(heldByContainer(facts)) : undefined;
}

/** An asker that is gone or ending takes nothing. */
function unwantedRow(facts: HandOverFacts): Verdict | undefined {
  return isUnwanted(facts.asker) ? refuse(notWanted(facts)) : undefined;
}

function localEvidenceRow(facts: HandOverFacts): Verdict | undefined {
  if (!onAskersNode(facts) || !isThisMachines(facts)) return undefined;
  if (facts.kept) return { action: "hand-over", evidence: "its DEL came" };
  if (facts.namespaceState === "gone")
    return { action: "hand-over", evidence: "its network namespace is gone" };
  return undefined;
}

function fencedRow(facts: HandOverFacts): Verdict | undefined {
  const { asker, cluster } = facts;
  if (cluster !== "same" || (asker.pod !== undefined && asker.podState === "unknown")) return undefined;
  return isFenced(facts) ? { action: "hand-over", evidence: "its node is fenced" } : undefined;
}

/**
 * Both pods belong to one KubeVirt instance (by UID) that migrates live right now. A pod of another
 * namespace may name that UID too, but belongs to another team.
 */
function migrationRow({ asker, cluster, holder, holderPod }: HandOverFacts): Verdict | undefined {
  const instance = asker.owner?.migratingInstance;
  if (instance === undefined || cluster !== "same" || typeof holderPod === "string") return undefined;
  if (holder.pod?.uid === undefined || podIsGone(holder.pod, holderPod)) return undefined;
  if (asker.pod?.namespace !== holderPod.namespace) return undefined;
  const launcher = holderPod.ownerReferences.some(({ controller, uid }) => controller && uid === instance);
  return launcher ? { action: "share" } : undefined;
}

function ownPodRow(facts: HandOverFacts): Verdict | undefined {
  const { asker, cluster, holder } = facts;
  if (cluster === "other" || !onAskersNode(facts) || asker.pod === undefined || holder.pod === undefined)
    return undefined;
  return samePod(asker.pod, holder.pod) ? { action: "wait", refusal: heldByOwnPod(facts) } : undefined;
}

function containerRow(facts: HandOverFacts): Verdict | undefined {
  return facts.holder.pod === undefined ? refuse(heldByContainer(facts)) : undefined;
}

function leavingRow(facts: HandOverFacts): Verdict | undefined {
  const { cluster, holder, holderPod } = facts;
  if (cluster !== "same" || holder.pod === undefined || holderPod === "unknown") return undefined;
  const leaving =
    holderPodIsGone(holder, holderPod) ||
    (holderPod !== "absent" && (holderPod.deleting || holderPod.finished));
  return leaving ? { action: "wait", refusal: heldOnLeaving(facts) } : undefined;
}

/** A holder of another cluster always counts as alive. */
function unknownRow(facts: HandOverFacts): Verdict | undefined {
  if (facts.cluster === "other") return undefined;
  const { holderNode, holderPod } = facts;
  const known = facts.cluster === "same" && holderPod !== "unknown" && typeof holderNode !== "string";
  return known && holderNode.ready === "true" ? undefined : refuse(heldByUnknown(facts));
}

/** By machine, not by name: another machine may have been given this node's name, and this one another before. */
function onAskersNode({ cluster, machine }: HandOverFacts): boolean {
  return cluster !== "other" && machine !== "other";
}

/**
 * Two clusters on one store may each have a node of this name. The machine tells them apart, and so does a
 * pod's UID; of an older program's record, only the cluster does.
 */
function isThisMachines({ asker, cluster, holder, machine }: HandOverFacts): boolean {
  if (cluster === "same" || machine === "this") return true;
  return holder.pod?.uid !== undefined && holder.pod.uid === asker.pod?.uid;
}

function refuse(refusal: IpamError): Verdict {
  return { action: "refuse", refusal };
}
