import type { NodeFacts, PodFacts } from "../../ipam/cluster-port.ts";
import { IpamError } from "../../ipam/errors.ts";
import type { Seen } from "../../ipam/inventory-port.ts";
import { StoreFollower } from "../../ipam/survey/follow-store.ts";
import { FollowedNodes } from "../../ipam/survey/followed-nodes.ts";
import { PodIndex } from "../../ipam/survey/pod-index.ts";
import type { StoreIndex } from "../../ipam/survey/store-index.ts";
import { Tidier } from "../../ipam/tidier.ts";
import type { ControllerContext } from "../context/context.ts";

/** When to give up to wait, in milliseconds of performance.now(), or because this replica no longer leads. */
interface Waiting {
  readonly deadline: number;
  readonly signal: AbortSignal;
}

/**
 * What the leader knows of the cluster between its tasks' rounds: an index of the store, of the pods and of the nodes,
 * kept by one watch each. The only one that hears of what all nodes write (FLAT), and only while it leads. Hints:
 * whatever is freed or ended is read live, and guarded.
 */
export class Survey {
  readonly pods = new PodIndex();
  readonly nodes = new FollowedNodes();
  readonly #context: Pick<ControllerContext, "following" | "ports">;
  readonly #store: StoreFollower;
  readonly #tidier = new Tidier();
  readonly #waiting = new Set<() => void>();
  /** Told when the Node of a machine that may hold addresses has changed. */
  #fenced: () => void = () => undefined;

  constructor(context: Pick<ControllerContext, "following" | "ports">) {
    this.#context = context;
    this.#store = new StoreFollower(context.ports, () => this.#tell());
  }

  /** Follows everything until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#store.run(signal), this.#followCluster(signal)]);
  }

  /** First what the gauges of ranges need: it is the store's alone. */
  async #followCluster(signal: AbortSignal): Promise<void> {
    await this.counted({ deadline: Number.POSITIVE_INFINITY, signal }).catch(() => undefined);
    const { following } = this.#context;
    await Promise.all([
      this.#follow(following.nodes(signal), (seen) => this.#seeNode(seen)),
      this.#follow(following.pods(signal), (seen) => this.#seePod(seen)),
    ]);
  }

  /** `wake` is called when a Node has changed so that it may be fenced, or is fenced no more. */
  onFence(wake: () => void): void {
    this.#fenced = wake;
  }

  /** The index once it has all that is counted. @throws IpamError tryAgain at the deadline. */
  counted(waiting: Waiting): Promise<StoreIndex> {
    return this.#until(() => this.#store.counted, "the store", waiting);
  }

  /** The index once it has everything. @throws IpamError tryAgain at the deadline. */
  store(waiting: Waiting): Promise<StoreIndex> {
    return this.#until(() => this.#store.whole, "the store", waiting);
  }

  /** The index with the nodes beside it. @throws IpamError tryAgain at the deadline. */
  storeAndNodes(waiting: Waiting): Promise<StoreIndex> {
    const whole = () => (this.nodes.complete ? this.#store.whole : undefined);
    return this.#until(whole, "the store and the nodes", waiting);
  }

  /** The index where store, nodes and pods are all known; it does not wait. */
  everything(): StoreIndex | undefined {
    return this.nodes.complete && this.pods.complete ? this.#store.whole : undefined;
  }

  async #follow<T>(all: AsyncIterable<Seen<T>>, see: (seen: Seen<T>) => void): Promise<void> {
    for await (const seen of all) {
      see(seen);
      if (seen.kind === "listed") this.#tell();
    }
  }

  #seePod(seen: Seen<PodFacts>): void {
    if (seen.kind === "listing") this.pods.begin();
    else if (seen.kind === "listed") {
      this.pods.end();
      this.#tidier.end();
    } else if (seen.kind === "present") {
      this.pods.put(seen.object);
      if (!this.pods.complete) this.#tidier.next();
    } else this.pods.remove(seen.object);
  }

  #seeNode(seen: Seen<NodeFacts>): void {
    const changed = this.nodes.see(seen);
    if (changed.length === 0) return;
    for (const name of changed) this.#store.whole?.boots.changed(name);
    this.#fenced();
  }

  #until(
    ready: () => StoreIndex | undefined,
    what: string,
    { deadline, signal }: Waiting,
  ): Promise<StoreIndex> {
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", look);
        this.#waiting.delete(look);
      };
      const look = () => {
        const index = ready();
        if (index === undefined && !signal.aborted && performance.now() < deadline) return;
        end();
        if (index === undefined) reject(notYet(what));
        else resolve(index);
      };
      const left = Math.max(0, deadline - performance.now());
      const timer = Number.isFinite(left) ? setTimeout(look, left + 1) : undefined;
      signal.addEventListener("abort", look);
      this.#waiting.add(look);
      look();
    });
  }

  #tell(): void {
    for (const look of this.#waiting) look();
  }
}

function notYet(what: string): IpamError {
  return new IpamError("tryAgain", `${what} could not be read in time`, "the next round goes on");
}
