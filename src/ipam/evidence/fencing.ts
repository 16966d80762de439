import type { AskingPod, NodeFacts, PodFacts } from "../cluster-port.ts";
import type { Holder, PodId } from "../records.ts";
import type { Live } from "./live-read.ts";

/**
 * Whether a live read shows that this pod is gone: no pod has its name, or that pod has another UID.
 * Without a recorded UID (old runtimes), a pod of that name may still be the same one.
 */
export function podIsGone(pod: PodId, live: Live<AskingPod>): boolean {
  if (live === "unknown") return false;
  return live === "absent" || (pod.uid !== undefined && !isPod(live, pod.uid));
}

/**
 * Whether a live read shows that this holder's pod is gone. Without a recorded UID, the node decides: a
 * pod never changes its node, so a pod of that name on another node is another pod. A node name that
 * was never verified proves nothing.
 */
export function holderPodIsGone({ node, nodeVerified, pod }: Holder, live: Live<PodFacts>): boolean {
  if (pod === undefined) return false;
  if (podIsGone(pod, live)) return true;
  return typeof live !== "string" && pod.uid === undefined && nodeVerified && live.nodeName !== node;
}

/**
 * Whether a pod of the API has this UID for the runtime. The API shows a static pod as a mirror with
 * another UID.
 */
export function isPod(live: AskingPod, uid: string): boolean {
  if (live.uid === uid) return true;
  return live.mirror && MIRROR_KEYS.some((key) => live.annotations[key] === uid);
}

/** All UIDs that `isPod` takes for this pod's. */
export function uidsOf(live: PodFacts): string[] {
  const known = live.mirror ? MIRROR_KEYS.flatMap((key) => live.annotations[key] ?? []) : [];
  return [live.uid, ...known];
}

/** The UID that the runtime knows: a mirror may be deleted and made anew while its static pod runs on. */
export function uidOfRuntime(live: AskingPod): string {
  const known = live.mirror ? MIRROR_KEYS.map((key) => live.annotations[key]).find(Boolean) : undefined;
  return known ?? live.uid;
}

/** The kubelet's annotations on mirror pods; both hold the UID that the runtime knows. */
const MIRROR_KEYS = ["kubernetes.io/config.hash", "kubernetes.io/config.mirror"] as const;

export interface FencingFacts {
  readonly holder: Holder;
  readonly holderPod: Live<PodFacts>;
  readonly holderNode: Live<NodeFacts>;
}

/**
 * "Fenced" as docs/design.md section 4 defines it: live reads show that the pod is gone, and that the
 * Node is deleted, or NotReady with the out-of-service taint, or Ready with another boot ID than the
 * record's. A node name that pod.spec.nodeName never verified proves nothing: the Node of that name
 * may be another machine, or none.
 */
export function isFenced({ holder, holderPod, holderNode }: FencingFacts): boolean {
  return holderPodIsGone(holder, holderPod) && fenceOf(holder, holderNode) !== undefined;
}

/** Why a node cannot run any more what it ran when the record was written. */
export type Fence = "node-deleted" | "out-of-service" | "rebooted";

/** The node's half of "fenced": why this holder cannot run there any more; undefined where it may. */
export function fenceOf({ bootId, nodeVerified }: Holder, node: Live<NodeFacts>): Fence | undefined {
  if (!nodeVerified || node === "unknown") return undefined;
  if (node === "absent") return "node-deleted";
  if (node.ready !== "true") return node.outOfServiceTaint ? "out-of-service" : undefined;
  const known = node.bootId !== undefined && node.bootId !== "" && bootId !== "";
  return known && node.bootId !== bootId ? "rebooted" : undefined;
}
