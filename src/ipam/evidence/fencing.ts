import type { NodeFacts, PodFacts } from "../cluster-port.ts";
import type { Holder, PodId } from "../records.ts";
import type { Live } from "./live-read.ts";

/**
 * Whether by a live read this very pod is no more: no pod of its name, or one with another UID.
 * Without a recorded UID (old runtimes) a pod of that name may still be the same one.
 */
export function podIsGone(pod: PodId, live: Live<PodFacts>): boolean {
  if (live === "unknown") return false;
  return live === "absent" || (pod.uid !== undefined && !isPod(live, pod.uid));
}

/**
 * Whether by a live read the pod of this holder is no more. Where its UID is not known, its node tells:
 * a pod is bound to one node for good, so one of its name on another node is another pod. A node name
 * that was never verified tells nothing.
 */
export function holderPodIsGone({ node, nodeVerified, pod }: Holder, live: Live<PodFacts>): boolean {
  if (pod === undefined) return false;
  if (podIsGone(pod, live)) return true;
  return typeof live !== "string" && pod.uid === undefined && nodeVerified && live.nodeName !== node;
}

/** Whether the API's pod is the runtime's: of a static pod the API shows a mirror with a UID of its own. */
export function isPod(live: PodFacts, uid: string): boolean {
  if (live.uid === uid) return true;
  return live.mirror && MIRROR_KEYS.some((key) => live.annotations[key] === uid);
}

/** The kubelet's annotations on mirror pods; both hold the UID that the runtime knows. */
const MIRROR_KEYS = ["kubernetes.io/config.hash", "kubernetes.io/config.mirror"] as const;

export interface FencingFacts {
  readonly holder: Holder;
  readonly holderPod: Live<PodFacts>;
  readonly holderNode: Live<NodeFacts>;
}

/**
 * "Fenced" as docs/design.md section 4 defines it: by live reads the pod's UID is gone, and the Node is
 * deleted, or NotReady with the out-of-service taint, or Ready with another boot ID than the
 * record's. A node name that was never verified by pod.spec.nodeName proves nothing: the Node
 * object of that name may be another machine, or none.
 */
export function isFenced({ holder, holderPod, holderNode }: FencingFacts): boolean {
  return holderPodIsGone(holder, holderPod) && fenceOf(holder, holderNode) !== undefined;
}

/** Why a node cannot run what it once ran. */
export type Fence = "node-deleted" | "out-of-service" | "rebooted";

/** The node's half of "fenced": why nothing that this holder was part of can run there any more. */
export function fenceOf({ bootId, nodeVerified }: Holder, node: Live<NodeFacts>): Fence | undefined {
  if (!nodeVerified || node === "unknown") return undefined;
  if (node === "absent") return "node-deleted";
  if (node.ready !== "true") return node.outOfServiceTaint ? "out-of-service" : undefined;
  const known = node.bootId !== undefined && node.bootId !== "" && bootId !== "";
  return known && node.bootId !== bootId ? "rebooted" : undefined;
}
