import type { ClusterNames } from "../cluster-names.ts";
import type { Cluster, DefinedNetwork, NodeFacts, OwnerFacts, PodFacts } from "../cluster-port.ts";
import { IpamError } from "../errors.ts";
import type { Owner, PodId } from "../records.ts";
import { calledBy } from "./called-by.ts";

/** Kubernetes in memory, behind the Cluster port. Counts what it is asked. */
export class FakeCluster implements Cluster {
  readonly pods = new Map<string, PodFacts>();
  readonly nodes = new Map<string, NodeFacts>();
  readonly owners = new Map<string, OwnerFacts>();
  /** "Kind namespace/name" of owners that exist. */
  readonly present = new Set<string>();
  /** NetworkAttachmentDefinitions: "namespace/name". */
  readonly definitions = new Map<string, DefinedNetwork>();
  /** Annotations of pod templates, by "Kind namespace/name" of their owner. */
  readonly templates = new Map<string, Readonly<Record<string, string>>>();
  /** Set to make every call fail with it. */
  failure: IpamError | undefined;
  readonly calls: string[] = [];

  readonly names: ClusterNames;

  constructor(readonly uid = "cluster-1") {
    this.names = calledBy(uid);
  }

  /** The API server stops answering. */
  goDown(): void {
    this.failure = new IpamError("tryAgain", "the API server does not answer");
  }

  addPod(facts: PodFacts, owner?: OwnerFacts): void {
    const key = `${facts.namespace}/${facts.name}`;
    this.pods.set(key, facts);
    if (owner !== undefined) this.owners.set(key, owner);
  }

  async clusterNames(): Promise<ClusterNames> {
    this.#called("clusterNames");
    return this.names;
  }

  async pod({ namespace, name }: PodId): Promise<PodFacts | undefined> {
    this.#called(`pod ${namespace}/${name}`);
    return this.pods.get(`${namespace}/${name}`);
  }

  async node(name: string): Promise<NodeFacts | undefined> {
    this.#called(`node ${name}`);
    return this.nodes.get(name);
  }

  async ownerOf({ namespace, name }: PodFacts): Promise<OwnerFacts> {
    this.#called(`ownerOf ${namespace}/${name}`);
    return this.owners.get(`${namespace}/${name}`) ?? { owner: { kind: "Pod", namespace, name } };
  }

  async ownerState({ kind, namespace, name }: Owner): Promise<"present" | "gone" | "unknown"> {
    this.#called(`ownerState ${kind} ${namespace}/${name}`);
    return this.present.has(`${kind} ${namespace}/${name}`) ? "present" : "gone";
  }

  async template({ kind, namespace, name }: Owner): Promise<Readonly<Record<string, string>> | undefined> {
    this.#called(`template ${kind} ${namespace}/${name}`);
    return this.templates.get(`${kind} ${namespace}/${name}`);
  }

  async *podsIn(namespace: string): AsyncGenerator<PodFacts> {
    this.#called(`pods ${namespace}`);
    for (const pod of this.pods.values()) if (pod.namespace === namespace) yield pod;
  }

  async definedNetwork(namespace: string, name: string): Promise<DefinedNetwork | undefined> {
    this.#called(`definition ${namespace}/${name}`);
    return this.definitions.get(`${namespace}/${name}`);
  }

  #called(call: string): void {
    this.calls.push(call);
    if (this.failure !== undefined) throw this.failure;
  }
}
