import type { Owner, PodId } from "./records.ts";

/** How a name begins that stands in for a cluster's UID. */
export const SUBSTITUTE_UID = "authority-";

/**
 * Kubernetes as the decisions see it. Every method reads live (or from a cache that is as good as
 * live and whose use the method allows), gives up before `deadline` (performance.now()
 * milliseconds), and throws IpamError "kubernetesRefused" (401, 403, unusable credentials; the text
 * names verb, resource and namespace) or "tryAgain" (unreachable, slow, 5xx). Absence is an answer,
 * never an error.
 */
export interface Cluster {
  /** UID of the namespace kube-system; begins with SUBSTITUTE_UID where that cannot be read for good. */
  clusterUid(deadline: number): Promise<string>;
  pod(pod: PodId, deadline: number): Promise<PodFacts | undefined>;
  /**
   * As `pod`, for the pod that an ADD is for: what it wants may be known from a watch of this node's
   * pods, if it is the pod of that very UID.
   */
  askingPod?(pod: PodId, deadline: number): Promise<PodFacts | undefined>;
  /** The pod of that very UID as a watch of this node's pods has it; asks nobody and takes no time. */
  seenPod?(pod: PodId): PodFacts | undefined;
  node(name: string, deadline: number): Promise<NodeFacts | undefined>;
  /** The owner that outlives the pod: controlling workload, virtual machine, or the pod itself. */
  ownerOf(pod: PodFacts, deadline: number): Promise<OwnerFacts>;
  /** Live read: does an object of that kind, name and (where given) UID still exist? */
  ownerState(owner: Owner, deadline: number): Promise<"present" | "gone" | "unknown">;
  /** Records a Kubernetes Event on the pod; best effort, never throws. */
  event?(pod: PodId, reason: string, message: string): Promise<void>;
}

export interface PodFacts {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly nodeName?: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** metadata.deletionTimestamp is set. */
  readonly deleting: boolean;
  /** status.phase is Succeeded or Failed. */
  readonly finished: boolean;
  /** Static pods: the API's UID differs from the runtime's by design. */
  readonly mirror: boolean;
  readonly ownerReferences: readonly OwnerReference[];
  readonly podIPs: readonly string[];
  /** Uses its node's own network, and shows its node's addresses. */
  readonly hostNetwork?: boolean;
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller: boolean;
}

export interface OwnerFacts {
  readonly owner: Owner;
  /** Ordinal of a StatefulSet's pod, counted from spec.ordinals.start; below 0: the set has no such pod. */
  readonly ordinal?: number;
  /** UID of the KubeVirt virtual machine instance, while a live migration of it runs. */
  readonly migratingInstance?: string;
  /**
   * Kubernetes could not be asked, so that this is the pod itself and not its workload: good
   * enough for a new reservation, but no reason to change one that exists.
   */
  readonly provisional?: boolean;
}

export interface NodeFacts {
  readonly name: string;
  readonly ready: "true" | "false" | "unknown";
  readonly bootId?: string;
  readonly outOfServiceTaint: boolean;
  readonly labels: Readonly<Record<string, string>>;
}
