import * as v from "valibot";
import type { AskingPod } from "../../ipam/cluster-port.ts";
import type { PodId } from "../../ipam/records.ts";
import { PODS } from "../api/kinds.ts";
import { podFacts } from "./pod-facts.ts";

const identified = v.object({
  metadata: v.object({ name: v.string(), namespace: v.string(), uid: v.string() }),
});

interface Seen {
  readonly uid: string;
  readonly rank: number;
  /** As it came; what it says is read when somebody asks: a pod changes often, and starts once. */
  readonly object: object;
  facts?: AskingPod;
}

/** The pods that a watch of one node's unfinished pods shows, by their metadata or by all of them. */
export class SeenPods {
  readonly #nodeName: string;
  readonly #pods = new Map<string, Seen>();
  readonly #appeared: (pod: PodId) => void;
  #count = 0;

  /** @param appeared called with each pod that was not shown before. */
  constructor(nodeName: string, appeared: (pod: PodId) => void = () => undefined) {
    this.#nodeName = nodeName;
    this.#appeared = appeared;
  }

  /** How many pods were ever shown, each UID once. */
  get count(): number {
    return this.#count;
  }

  /** The pod of this name and UID; undefined where it is not shown, or is being deleted. */
  get(pod: PodId): AskingPod | undefined {
    const seen = this.#find(pod);
    if (seen === undefined) return undefined;
    const facts = seen.facts ?? this.#factsOf(seen.object);
    if (facts === undefined) return undefined;
    seen.facts = facts;
    return facts.deleting || facts.finished ? undefined : facts;
  }

  /** Which of the pods that were shown it is, counted from 1; undefined where it is not shown now. */
  rankOf(pod: PodId): number | undefined {
    return this.#find(pod)?.rank;
  }

  /** @throws ValiError for what is no object of Kubernetes. */
  keep(object: unknown): void {
    const { uid, ...name } = v.parse(identified, object).metadata;
    const known = this.#pods.get(keyOf(name));
    this.#set(object, known);
    if (known?.uid !== uid) this.#appeared({ ...name, uid });
  }

  /** @throws ValiError, as `keep`. */
  remove(object: unknown): void {
    this.#pods.delete(keyOf(v.parse(identified, object).metadata));
  }

  /** These are all that there are; none of them has appeared just now. @throws ValiError, as `keep`. */
  replaceAll(objects: readonly unknown[]): void {
    const before = new Map(this.#pods);
    this.#pods.clear();
    for (const object of objects) this.#set(object, before.get(keyOf(v.parse(identified, object).metadata)));
  }

  #set(object: unknown, known: Seen | undefined): void {
    const { uid, ...name } = v.parse(identified, object).metadata;
    const rank = known?.uid === uid ? known.rank : ++this.#count;
    this.#pods.set(keyOf(name), { uid, rank, object: object as object });
  }

  #find({ namespace, name, uid }: PodId): Seen | undefined {
    const seen = this.#pods.get(keyOf({ namespace, name }));
    return seen === undefined || uid === undefined || seen.uid !== uid ? undefined : seen;
  }

  /** Undefined where it cannot be read: then the caller asks the API server, which says what is wrong. */
  #factsOf(object: object): AskingPod | undefined {
    const pod = v.safeParse(PODS.shape, object);
    // That it is on this node is what the watch was asked for; metadata alone do not say it.
    return pod.success ? { nodeName: this.#nodeName, ...podFacts(pod.output) } : undefined;
  }
}

function keyOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}
