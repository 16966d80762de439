import type { Cidr } from "../address/cidr.ts";
import type { ClusterNames } from "./cluster-names.ts";
import type { Owner, PodId } from "./records.ts";

/**
 * The questions that decisions ask Kubernetes. Every method reads live, or from a cache where its
 * docstring says so. It gives up before `deadline` (milliseconds of performance.now()).
 *
 * It throws IpamError "kubernetesRefused" (401, 403, unusable credentials; the text names verb,
 * resource and namespace) or "tryAgain" (unreachable, slow, 5xx). An object that does not exist is an
 * answer (undefined, "gone"), never an error.
 */
export interface Cluster {
  /** The UID of the namespace kube-system where this role may read it, and the authorities behind the API server. */
  clusterNames(deadline: number): Promise<ClusterNames>;
  pod(pod: PodId, deadline: number): Promise<PodFacts | undefined>;
  /**
   * Like `pod`, for the pod that an ADD is for. May answer from a watch of this node's pods, if the
   * watch shows a pod of the same UID.
   */
  askingPod?(pod: PodId, deadline: number): Promise<AskingPod | undefined>;
  /**
   * The pod of this UID from a watch of this node's pods. Makes no request; undefined where the watch
   * does not show it.
   */
  seenPod?(pod: PodId): AskingPod | undefined;
  node(name: string, deadline: number): Promise<NodeFacts | undefined>;
  /**
   * The owner that outlives the pod: its controlling workload, its virtual machine, or else the pod itself. May answer
   * for a pod that a watch of this node's pods shows from what it read for another one, if it asked after it saw both.
   */
  ownerOf(pod: AskingPod, deadline: number): Promise<OwnerFacts>;
  /** Reads live whether an object of this kind, name and (where given) UID still exists. */
  ownerState(owner: Owner, deadline: number): Promise<"present" | "gone" | "unknown">;
  /** The annotations of an owner's pod template; undefined where it has none, or may not be read. */
  template?(owner: Owner, deadline: number): Promise<Readonly<Record<string, string>> | undefined>;
  /** All pods of a namespace. One live listing, page by page. */
  podsIn?(namespace: string, deadline: number): AsyncIterable<PodFacts>;
  /**
   * The network that a NetworkAttachmentDefinition describes to Multus; undefined where there is none of
   * that name. One live request, for an ADD that knows no better.
   */
  definedNetwork(namespace: string, name: string, deadline: number): Promise<DefinedNetwork | undefined>;
  /** Records a Kubernetes Event on the pod. Best effort; never throws. */
  event?(pod: PodId, reason: string, message: string): Promise<void>;
}

/** What an ADD needs to know of the pod that it is for. */
export interface AskingPod {
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
  /** True for the mirror of a static pod: its UID in the API differs from the one that the runtime knows. */
  readonly mirror: boolean;
  readonly ownerReferences: readonly OwnerReference[];
}

export interface PodFacts extends AskingPod {
  readonly podIPs: readonly string[];
  /** The pod uses its node's network, so its status shows the node's addresses. */
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
  /** Ordinal of a StatefulSet's pod, counted from spec.ordinals.start. Below 0, the set has no such pod. */
  readonly ordinal?: number;
  /**
   * Name under which the owner's pods come back, where the owner is another program's: what a pod of that name
   * had, the next one of that name gets. Absent for pods whose names are made at random, and for those that
   * `ordinal` or the owner itself tells apart.
   */
  readonly place?: string;
  /** Number in the name of another program's StatefulSet's pod, which nobody has compared with its ordinals. */
  readonly likelyOrdinal?: number;
  /** UID of the KubeVirt virtual machine instance, while that instance migrates live. */
  readonly migratingInstance?: string;
  /**
   * True where Kubernetes did not answer: `owner` is then the pod itself instead of its workload. That
   * is good enough for a new reservation, and no reason to change an existing one.
   */
  readonly provisional?: boolean;
}

/** What a NetworkAttachmentDefinition says of its network. */
export type DefinedNetwork =
  | {
      /** kube-ipam gives its addresses. */
      readonly kind: "ours";
      /** The configuration's name; the definition's where it has none, as Multus fills it in. */
      readonly name: string;
      readonly subnets: readonly Cidr[];
    }
  | { /** Another plugin gives its addresses, or none does. */ readonly kind: "foreign" }
  | {
      /** The configuration cannot be read, or used on this node. */ readonly kind: "unreadable";
      readonly why: string;
    };

export interface NodeFacts {
  readonly name: string;
  /** Of the Node object: another one where the machine joined another cluster, or this one again. */
  readonly uid?: string;
  readonly ready: "true" | "false" | "unknown";
  readonly bootId?: string;
  readonly outOfServiceTaint: boolean;
  readonly labels: Readonly<Record<string, string>>;
}
