import type { ClusterNames } from "../cluster-names.ts";
import type { Cluster, NodeFacts, OwnerFacts, PodFacts } from "../cluster-port.ts";
import type { Owner, PodId } from "../records.ts";
import { calledBy } from "./called-by.ts";

/** Kubernetes in memory whose pods live and die by its own rules: for model tests of the decisions. */
export class LivingCluster implements Cluster {
  readonly #pods = new Map<string, PodFacts>();
  readonly #nodes = new Map<string, NodeFacts>();
  #uid = 1;

  createPod(name: string, nodeName: string, annotations: Record<string, string> = {}): PodFacts {
    const pod: PodFacts = {
      namespace: "default",
      name,
      uid: `uid-${this.#uid++}`,
      nodeName,
      annotations,
      labels: {},
      deleting: false,
      finished: false,
      mirror: false,
      ownerReferences: [],
      podIPs: [],
    };
    this.#pods.set(name, pod);
    return pod;
  }

  /** `kubectl delete`: the object stays until the kubelet says that the pod is gone. */
  deletePod(name: string): void {
    const pod = this.#pods.get(name);
    if (pod !== undefined) this.#pods.set(name, { ...pod, deleting: true });
  }

  /** The object goes: after a deletion, or at once by force. */
  removePod(name: string, uid: string): void {
    if (this.#pods.get(name)?.uid === uid) this.#pods.delete(name);
  }

  setNode(name: string, facts: Partial<NodeFacts>): void {
    const known = this.#nodes.get(name) ?? { name, ready: "true", outOfServiceTaint: false, labels: {} };
    this.#nodes.set(name, { ...known, ...facts });
  }

  removeNode(name: string): void {
    this.#nodes.delete(name);
  }

  async clusterNames(): Promise<ClusterNames> {
    return calledBy("cluster-1");
  }

  async pod({ name }: PodId): Promise<PodFacts | undefined> {
    return this.#pods.get(name);
  }

  async node(name: string): Promise<NodeFacts | undefined> {
    return this.#nodes.get(name);
  }

  async ownerOf({ namespace, name }: PodFacts): Promise<OwnerFacts> {
    return { owner: { kind: "StatefulSet", namespace, name: name.replace(/-\d+$/, ""), uid: "uid-of-set" } };
  }

  async ownerState(_owner: Owner): Promise<"present" | "gone" | "unknown"> {
    return "present";
  }

  async definedNetwork(): Promise<undefined> {
    return undefined;
  }
}
