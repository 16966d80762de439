import type { AskingPod } from "../../ipam/cluster-port.ts";
import type { PodId } from "../../ipam/records.ts";

/** Pods that come within so long share one question. */
const TOGETHER_MS = 50;
/** How long such a question may take. */
const MOST_MS = 5_000;
/** Every annotation that asks for an address that lasts begins so. */
const ASKS = "kube-ipam.";

interface Options {
  /** What the watch shows of it. */
  readonly pod: (id: PodId) => AskingPod | undefined;
  /** Asks who owns it, so that the answer is at hand when its ADD comes. */
  readonly ask: (pod: AskingPod, deadline: number) => Promise<unknown>;
}

/**
 * Asks for the owners of pods that the node's watch has just shown, before their ADDs come: between the two kubelet
 * and runtime make the sandbox. Only for pods that ask for an address that lasts, and once for those of one workload
 * that come together. Best effort: an ADD that finds no answer asks itself.
 */
export class ForeseenOwners {
  readonly #options: Options;
  readonly #togetherMs: number;
  #waiting: PodId[] = [];

  constructor(options: Options, togetherMs = TOGETHER_MS) {
    this.#options = options;
    this.#togetherMs = togetherMs;
  }

  /** A pod has appeared on the node. Returns at once. */
  appeared(pod: PodId): void {
    this.#waiting.push(pod);
    if (this.#waiting.length === 1) setTimeout(() => this.#askAll(), this.#togetherMs);
  }

  #askAll(): void {
    const pods = this.#waiting.flatMap((id) => this.#options.pod(id) ?? []);
    this.#waiting = [];
    const one = new Map(pods.filter(asksToLast).map((pod) => [controllerOf(pod), pod]));
    one.delete(undefined);
    const deadline = performance.now() + MOST_MS;
    for (const pod of one.values()) this.#options.ask(pod, deadline).catch(() => undefined);
  }
}

function asksToLast({ annotations }: AskingPod): boolean {
  return Object.keys(annotations).some((key) => key.startsWith(ASKS));
}

/** Undefined for a pod that has none, or one whose answer is for this pod alone. */
function controllerOf({ ownerReferences }: AskingPod): string | undefined {
  const reference = ownerReferences.find(({ controller }) => controller);
  return reference !== undefined && SHARED.has(reference.kind) ? reference.uid : undefined;
}

const SHARED: ReadonlySet<string> = new Set(["ReplicaSet", "Job", "ReplicationController", "StatefulSet"]);
