import { formatAddress } from "../../../src/address/address.ts";
import { allocate } from "../../../src/ipam/allocate/allocate.ts";
import { delivered } from "../../../src/ipam/allocate/delivered.ts";
import type { Cluster, PodFacts } from "../../../src/ipam/cluster-port.ts";
import { WarmForesight } from "../../../src/ipam/foresee/warm-foresight.ts";
import { release } from "../../../src/ipam/free/release.ts";
import type { Network } from "../../../src/ipam/network.ts";
import type { ClusterPorts } from "../../../src/ipam/ports.ts";
import type { AttachmentId } from "../../../src/ipam/records.ts";
import type { Store } from "../../../src/ipam/store-port.ts";
import { calledBy } from "../../../src/ipam/testing/called-by.ts";
import { FakeNode } from "../../../src/ipam/testing/fake-node.ts";
import { Turns } from "../../../src/ipam/turns.ts";
import { NO_WISH, type Wish } from "../../../src/ipam/wish.ts";
import { type Counts, countingStore } from "./counting-store.ts";

/** What all nodes of a fleet share. */
export interface Surroundings {
  readonly store: Store;
  readonly network: Network;
  readonly cluster: Cluster;
  readonly random: () => number;
}

export interface PodWish {
  readonly pod: PodFacts;
  readonly container: string;
  readonly wish?: Partial<Wish>;
}

/** ADDs may wait long in virtual time, which says nothing about the real one. */
const PATIENCE_MS = 600_000;

/** One node with its agent: the real core and foresight; journal, cursors and memory of a node in memory. */
export class SimulatedNode {
  readonly machine: FakeNode;
  readonly #around: Surroundings;
  #turns = new Turns();
  #foresight: WarmForesight;

  constructor(name: string, around: Surroundings) {
    this.machine = new FakeNode(name, `boot-${name}`);
    this.#around = around;
    this.#foresight = new WarmForesight(around.random);
  }

  get name(): string {
    return this.machine.name;
  }

  /** The agent starts anew: what it knew of the pool is lost; journal, cursors and memory of stores are kept. */
  restart(): void {
    this.#turns = new Turns();
    this.#foresight = new WarmForesight(this.#around.random);
  }

  /** @throws IpamError as `allocate`. */
  async add({ pod, container, wish }: PodWish, counts: Counts): Promise<string> {
    const { network } = this.#around;
    const namespacePath = `/run/netns/${container}`;
    this.machine.createNamespace(namespacePath);
    const ports = this.ports(counts);
    const request = {
      attachment: this.idOf(container),
      namespacePath,
      pod: { namespace: pod.namespace, name: pod.name, uid: pod.uid },
      network,
      wish: { ...NO_WISH, pod, ...wish },
      deadline: performance.now() + PATIENCE_MS,
    };
    const allocated = await allocate(request, ports);
    delivered(allocated, ports);
    return allocated.addresses.map(({ address }) => formatAddress(address)).join();
  }

  /** DEL, and the end of the container's namespace. */
  async del(container: string): Promise<void> {
    const { coolingSeconds } = this.#around.network;
    const ports = this.ports({ reads: 0, commits: 0, lost: 0 });
    const deadline = performance.now() + PATIENCE_MS;
    await release({ attachment: this.idOf(container), coolingSeconds, deadline }, ports);
    this.machine.removeNamespace(`/run/netns/${container}`);
  }

  idOf(container: string): AttachmentId {
    return { network: this.#around.network.name, container, ifname: "eth0" };
  }

  ports(counts: Counts): ClusterPorts {
    const { store, cluster, random } = this.#around;
    return {
      store: countingStore(store, counts),
      node: this.machine,
      cluster,
      clusterNames: calledBy("cluster-1"),
      foresight: this.#foresight,
      turns: this.#turns,
      log: () => undefined,
      random,
    };
  }
}
