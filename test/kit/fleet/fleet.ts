import { IpamError } from "../../../src/ipam/errors.ts";
import type { LivingCluster } from "../../../src/ipam/testing/living-cluster.ts";
import type { Wish } from "../../../src/ipam/wish.ts";
import { Books, type RunningPod } from "./books.ts";
import { SimulatedNode, type Surroundings } from "./simulated-node.ts";
import type { Tally } from "./tally.ts";

export interface FleetWish extends Omit<Surroundings, "cluster"> {
  readonly cluster: LivingCluster;
  /** Names of nodes begin so: fleets of several processes share a store. */
  readonly prefix: string;
  readonly nodes: number;
  readonly tally: Tally;
  /** How many addresses of the pool are this fleet's part. */
  readonly part: number;
  readonly pause: (milliseconds: number) => Promise<void>;
  /** Between two pods that one node starts one after the other, in milliseconds. */
  readonly betweenMs: number;
}

/** A pod that comes back under its name, and asks for something. */
export interface NamedPod {
  readonly name: string;
  readonly wish: Partial<Wish>;
}

/** The nodes of one process, their pods, and books of who was given what. */
export class Fleet {
  readonly nodes: SimulatedNode[];
  readonly books = new Books();
  /** Reasons of ADDs that failed otherwise than for want of addresses. */
  readonly failures: string[] = [];
  readonly #wish: FleetWish;
  #count = 0;

  constructor(wish: FleetWish) {
    this.#wish = wish;
    this.nodes = Array.from({ length: wish.nodes }, (_, n) => new SimulatedNode(`${wish.prefix}${n}`, wish));
    for (const { name, machine } of this.nodes)
      wish.cluster.setNode(name, { ready: "true", bootId: machine.bootId });
  }

  /** Which share of this fleet's part of the pool has been given out. */
  get filled(): number {
    return this.books.given / this.#wish.part;
  }

  /** So many pods start, spread over all nodes; each node starts 4 to 10 at a time, as a kubelet does. */
  async fill(count: number): Promise<void> {
    const { random } = this.#wish;
    const order = shuffled(this.nodes, random);
    await Promise.all(
      order.map(async (node, index) => {
        let left = Math.floor(count / order.length) + (index < count % order.length ? 1 : 0);
        const slot = async () => {
          while (left-- > 0) {
            await this.between();
            await this.start(node);
          }
        };
        await Promise.all(Array.from({ length: 4 + Math.floor(random() * 7) }, slot));
      }),
    );
  }

  /** So many pods start on any nodes, one each so many milliseconds. */
  async trickle(count: number, everyMs: number): Promise<void> {
    const all: Promise<unknown>[] = [];
    for (let n = 0; n < count; n += 1) {
      await this.#wish.pause(everyMs);
      all.push(this.start(pick(this.nodes, this.#wish.random)));
    }
    await Promise.all(all);
  }

  /** Pods are replaced, one each so many milliseconds: one on any node ends, and another one starts on any node. */
  async churn(count: number, everyMs: number): Promise<void> {
    const all: Promise<unknown>[] = [];
    for (let n = 0; n < count; n += 1) {
      await this.#wish.pause(everyMs);
      all.push(this.#replaceOne());
    }
    await Promise.all(all);
  }

  async #replaceOne(): Promise<void> {
    const { random } = this.#wish;
    const [ended] = this.some(1);
    if (ended !== undefined) await this.end(ended);
    await this.start(pick(this.nodes, random));
  }

  /** So many pods of any node, without those with fixed addresses. */
  some(count: number): RunningPod[] {
    const chosen = new Map<string, RunningPod>();
    for (let tries = 0; chosen.size < count && tries < 100 * count; tries += 1) {
      const mine = this.books.podsOf(pick(this.nodes, this.#wish.random)).filter(({ fixed }) => !fixed);
      if (mine.length === 0) continue;
      const one = pick(mine, this.#wish.random);
      chosen.set(one.container, one);
    }
    return [...chosen.values()];
  }

  /** Every agent starts anew at some moment of this time. */
  async restartAll(withinMs: number): Promise<void> {
    await Promise.all(
      this.nodes.map(async (node) => {
        await this.#wish.pause(this.#wish.random() * withinMs);
        node.restart();
      }),
    );
  }

  /** One pod starts, and is counted, also where it got no address. */
  async start(node: SimulatedNode, named?: NamedPod): Promise<void> {
    const { tally, cluster, prefix } = this.#wish;
    const container = `${prefix}c${this.#count++}`;
    const pod = cluster.createPod(named?.name ?? container, node.name);
    const costs = tally.at(named === undefined ? this.filled : 0);
    const counts = { reads: 0, commits: 0, lost: 0 };
    try {
      const wish = named === undefined ? {} : { ...named.wish, pod };
      const address = await node.add({ pod, container, wish }, counts);
      this.books.gave({ node, container, pod, address, fixed: named !== undefined });
      costs.adds += 1;
      const trips = counts.reads + counts.commits;
      costs.trips[trips] = (costs.trips[trips] ?? 0) + 1;
    } catch (failure) {
      node.machine.removeNamespace(`/run/netns/${container}`);
      cluster.removePod(pod.name, pod.uid);
      if (failure instanceof IpamError && failure.name === "noFreeAddress") costs.refused += 1;
      else {
        costs.failed += 1;
        if (this.failures.length < 10) this.failures.push(String(failure));
      }
    } finally {
      costs.lost += counts.lost;
      costs.reads += counts.reads;
    }
  }

  /** DEL of a pod. */
  async end(running: RunningPod): Promise<void> {
    const { node, container, pod } = running;
    this.books.ends(running);
    await node.del(container);
    this.#wish.cluster.removePod(pod.name, pod.uid);
  }

  /** Nodes burn down: Kubernetes deletes them and their pods; nobody sends a DEL. @returns what ran there. */
  lose(nodes: readonly SimulatedNode[]): RunningPod[] {
    const { cluster } = this.#wish;
    const lost = nodes.flatMap((node) => this.books.podsOf(node));
    for (const running of lost) {
      this.books.ends(running);
      cluster.removePod(running.pod.name, running.pod.uid);
    }
    for (const { name } of nodes) cluster.removeNode(name);
    const gone = new Set(nodes);
    this.nodes.splice(0, this.nodes.length, ...this.nodes.filter((node) => !gone.has(node)));
    return lost;
  }

  /** The time between two pods of a place, a half more or less. */
  between(): Promise<void> {
    const { betweenMs, pause, random } = this.#wish;
    return pause(betweenMs * (0.5 + random()));
  }
}

function shuffled<T>(values: readonly T[], random: () => number): T[] {
  const all = values.map((value) => ({ value, at: random() }));
  return all.sort((a, b) => a.at - b.at).map(({ value }) => value);
}

export function pick<T>(values: readonly T[], random: () => number): T {
  const value = values[Math.floor(random() * values.length)];
  if (value === undefined) throw new Error("expected something to pick from");
  return value;
}
