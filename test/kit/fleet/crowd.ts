import type { Address } from "../../../src/address/address.ts";
import { IpamError } from "../../../src/ipam/errors.ts";
import type { Network } from "../../../src/ipam/network.ts";
import type { AllocationRecord } from "../../../src/ipam/records.ts";
import { refTo } from "../../../src/ipam/ref-to.ts";
import type { Store } from "../../../src/ipam/store-port.ts";
import { FakeNode } from "../../../src/ipam/testing/fake-node.ts";
import { LivingCluster } from "../../../src/ipam/testing/living-cluster.ts";
import { seededRandom } from "../../../src/ipam/testing/seeded-random.ts";
import { createMemoryStore } from "../../../src/store/memory/memory-store.ts";
import { distantStore } from "./distant-store.ts";
import { SimulatedNode } from "./simulated-node.ts";
import { VirtualTime } from "./virtual-time.ts";

export interface CrowdWish {
  readonly network: Network;
  /** Addresses that somebody holds already. */
  readonly taken?: Iterable<Address>;
  readonly nodes?: number;
  readonly seed?: number;
}

/** How one ADD has ended, and the round trips that it took. */
export interface Ended {
  readonly node: SimulatedNode;
  readonly container: string;
  readonly address?: string;
  /** The error's name, where it got no address. */
  readonly refused?: string;
  readonly trips: number;
  /** Of these, commits that lost against another ADD. */
  readonly lost: number;
}

/** A few nodes of which many pods start at once, on a store in memory and in virtual time. */
export class Crowd {
  readonly time = new VirtualTime();
  readonly nodes: SimulatedNode[];
  readonly memory: Store;
  /** Reads that counted records, by anybody. */
  counted = 0;
  readonly #cluster = new LivingCluster();
  #pods = 0;

  private constructor({ network, nodes = 1, seed = 1 }: CrowdWish) {
    const random = seededRandom(seed);
    this.memory = createMemoryStore({ now: () => this.time.now / 1000 });
    const distant = distantStore(this.memory, this.time, random, { least: 0.2, most: 1, work: 0.05 });
    const read: Store["read"] = (query, options) => {
      if ((query.counts ?? []).length > 0) this.counted += 1;
      return distant.read(query, options);
    };
    const around = { store: { ...distant, read }, network, cluster: this.#cluster, random };
    this.nodes = Array.from({ length: nodes }, (_, n) => new SimulatedNode(`node${n}`, around));
    for (const { name, machine } of this.nodes)
      this.#cluster.setNode(name, { ready: "true", bootId: machine.bootId });
  }

  /** Lets the crowd live in virtual time. */
  static async live<T>(wish: CrowdWish, life: (crowd: Crowd) => Promise<T>): Promise<T> {
    const crowd = new Crowd(wish);
    await take(crowd.memory, wish.network.space, wish.taken ?? []);
    return crowd.time.run(() => life(crowd));
  }

  /** So many pods start at once, dealt out to all nodes. */
  start(count: number): Promise<Ended[]> {
    return Promise.all(Array.from({ length: count }, (_, n) => this.startOn(n % this.nodes.length)));
  }

  /** So many pods start one after the other. */
  async startEach(count: number): Promise<Ended[]> {
    const ended: Ended[] = [];
    for (let n = 0; n < count; n += 1) ended.push(await this.startOn(n % this.nodes.length));
    return ended;
  }

  /** One pod starts on this node. */
  async startOn(node: number): Promise<Ended> {
    const container = `c${this.#pods++}`;
    const [on] = this.nodes.slice(node);
    if (on === undefined) throw new Error(`no node ${node}`);
    const pod = this.#cluster.createPod(container, on.name);
    const counts = { reads: 0, commits: 0, lost: 0 };
    const costs = () => ({ node: on, container, trips: counts.reads + counts.commits, lost: counts.lost });
    try {
      const address = await on.add({ pod, container }, counts);
      return { ...costs(), address };
    } catch (failure) {
      if (!(failure instanceof IpamError)) throw failure;
      return { ...costs(), refused: failure.name };
    }
  }
}

/** Round trips of an ADD on average. */
export function meanTrips(all: readonly Ended[]): number {
  return all.reduce((sum, { trips }) => sum + trips, 0) / all.length;
}

/** The addresses that ADDs got. */
export function addressesOf(all: readonly Ended[]): string[] {
  return all.flatMap(({ address }) => address ?? []);
}

/** Somebody holds these addresses. */
async function take(store: Store, space: string, addresses: Iterable<Address>): Promise<void> {
  const machine = new FakeNode("elsewhere");
  const record: AllocationRecord = {
    version: 1,
    holders: [
      {
        attachment: { network: "other", container: "held", ifname: "eth0" },
        node: machine.name,
        nodeVerified: false,
        bootId: machine.bootId,
        machine: machine.machineId(),
        namespace: { path: "/run/netns/held", device: "1", inode: "1" },
        requestId: "held",
      },
    ],
    origin: "dynamic",
    since: "",
  };
  const puts = [...addresses].map((address) => ({ ref: refTo.allocation(space, address), record }));
  await store.commit({ guards: [], puts, deletes: [] }, { deadline: performance.now() + 60_000 });
}
