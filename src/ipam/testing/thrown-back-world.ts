import { formatAddress } from "../../address/address.ts";
import { createMemoryStore, type MemoryStore, type SavedMemory } from "../../store/memory/memory-store.ts";
import { allocate } from "../allocate/allocate.ts";
import { delivered } from "../allocate/delivered.ts";
import { WarmForesight } from "../foresee/warm-foresight.ts";
import type { Foresight, Memory } from "../foresight.ts";
import { free } from "../free/free.ts";
import { release } from "../free/release.ts";
import type { Ports } from "../ports.ts";
import type { MetaRecord } from "../records.ts";
import { refTo } from "../ref-to.ts";
import type { Store } from "../store-port.ts";
import { FakeNode } from "./fake-node.ts";
import { guessingForesight } from "./guessing-foresight.ts";
import { type Asked, addRequest, attachment, smallNetwork } from "./world.ts";

export const NODES = ["n1", "n2", "n3"] as const;
export const soon = () => ({ deadline: performance.now() + 60_000 });
const NETWORK = { ...smallNetwork(20), coolingSeconds: 0 };

/** How a node's ADDs know before they read: as an agent's, as the plugin's alone, or not at all. */
export type Foresees = "known" | "guessed" | "nothing";

/** A process that dies at one of its calls to the store, before or after it had its effect. */
export interface Death {
  readonly call: number;
  readonly after: boolean;
}

/** How a process ends that was killed. */
export class Killed extends Error {}

/** What a runtime has been told that a container has. */
export interface Holding {
  readonly node: number;
  readonly address: string;
  /** Whether the address is reserved for the container's owner. */
  readonly reserved: boolean;
  /** Whether it was that of an earlier ADD, whose result nobody got. */
  readonly repeated: boolean;
}

/** The plugin alone keeps its foresight in a file, which says nothing of connections. */
class FileForesight extends WarmForesight {
  override learn(network: string, { connection: _, ...memory }: Memory): void {
    super.learn(network, memory);
  }
}

/** Machines on one store that keeps each state it ever had, and is thrown back to any of them. */
export class ThrownBackWorld {
  readonly machines = NODES.map((name) => new FakeNode(name));
  readonly store: MemoryStore;
  readonly states: SavedMemory[] = [];
  /** What lives, by the runtimes' word. */
  readonly living = new Map<string, Holding>();
  readonly #foresees: readonly Foresees[];
  #foresights: (Foresight | undefined)[] = [];

  /** @param bounds what a read tells of the store's revision is a lower bound, where it need not be more. */
  constructor(foresees: readonly Foresees[], bounds: boolean) {
    this.#foresees = foresees;
    this.store = createMemoryStore({ connects: true, lineage: "a", bounds });
    for (const node of NODES.keys()) this.#forgetForesight(node);
    this.states.push(this.store.save());
  }

  machine(node: number): FakeNode {
    const machine = this.machines[node];
    if (machine === undefined) throw new Error("no such node");
    return machine;
  }

  /** The ports of one process on a node. */
  ports(node: number, death?: Death): Ports {
    const foresight = this.#foresights[node];
    return {
      store: death === undefined ? this.#saving() : dying(this.#saving(), death),
      node: this.machine(node),
      ...(foresight && { foresight }),
      log: () => undefined,
      random: Math.random,
    };
  }

  async meta(): Promise<MetaRecord | undefined> {
    return (await this.store.read({ refs: [refTo.meta] }, soon())).get(refTo.meta)?.record;
  }

  /** An ADD, whose result the runtime gets. */
  async add(node: number, container: string, asked: Asked, death?: Death): Promise<Holding> {
    const ports = this.ports(node, death);
    const pod = { namespace: "team", name: container, uid: `uid-${container}` };
    const allocated = await allocate(
      addRequest(ports, container, { network: NETWORK, pod, ...asked }),
      ports,
    );
    delivered(allocated, ports);
    const address = formatAddress(allocated.addresses[0]?.address ?? raise("no address"));
    const { repeated } = allocated;
    const reserved = asked.wish?.owner !== undefined && !repeated;
    const holding = { node, address, reserved, repeated };
    this.living.set(container, holding);
    return holding;
  }

  /** A DEL. The container counts as ended from its beginning on. */
  async del(node: number, container: string, death?: Death): Promise<void> {
    this.living.delete(container);
    const id = attachment(container);
    try {
      await release({ attachment: id, coolingSeconds: 0, ...soon() }, this.ports(node, death));
    } catch (failure) {
      if (failure instanceof Killed) this.machine(node).interrupted.add(container);
      throw failure;
    }
  }

  /** Somebody elsewhere frees a holding, by force or because the node is fenced. */
  async freeFromElsewhere(by: number, container: string, node: number, death?: Death): Promise<void> {
    const ref = refTo.attachment(this.machine(node).name, attachment(container));
    const record = (await this.store.read({ refs: [ref] }, soon())).get(ref)?.record;
    if (record === undefined) return;
    const target = { node: ref.node, id: ref.id, requestId: record.holder.requestId };
    this.living.delete(container);
    await free(target, 0, this.ports(by, death), soon());
  }

  removeNamespace(node: number, container: string): void {
    this.machine(node).removeNamespace(`/run/netns/${container}`);
    this.living.delete(container);
  }

  reboot(node: number): void {
    this.machine(node).reboot();
    this.#forgetForesight(node);
    for (const container of this.containersOf(node)) this.living.delete(container);
  }

  containersOf(node: number): string[] {
    return [...this.living].filter(([, holding]) => holding.node === node).map(([container]) => container);
  }

  /** Addresses that two living containers have. */
  duplicates(): string[] {
    const addresses = [...this.living.values()].map(({ address }) => address);
    return addresses.filter((address, index) => addresses.indexOf(address) !== index);
  }

  /** Living containers whose holding is not in the store. */
  async lost(node: number): Promise<string[]> {
    const lost: string[] = [];
    for (const container of this.containersOf(node)) {
      const ref = refTo.attachment(this.machine(node).name, attachment(container));
      const record = (await this.store.read({ refs: [ref] }, soon())).get(ref)?.record;
      const { address = "" } = this.living.get(container) ?? {};
      if (record?.addresses.includes(address) !== true) lost.push(container);
    }
    return lost;
  }

  #forgetForesight(node: number): void {
    const foresees = this.#foresees[node];
    this.#foresights[node] =
      foresees === "nothing"
        ? undefined
        : foresees === "guessed"
          ? guessingForesight(new FileForesight())
          : new WarmForesight();
  }

  #saving(): Store {
    return {
      ...this.store,
      commit: async (transaction, options) => {
        const outcome = await this.store.commit(transaction, options);
        if (outcome.won) this.states.push(this.store.save());
        return outcome;
      },
    };
  }
}

function dying(store: Store, { call, after }: Death): Store {
  let left = call;
  const mortal = async <T>(work: () => Promise<T>): Promise<T> => {
    left--;
    if (left < -1 || (left === -1 && !after)) throw new Killed();
    const result = await work();
    if (left === -1) throw new Killed();
    return result;
  };
  return {
    ...store,
    read: (query, options) => mortal(() => store.read(query, options)),
    commit: (transaction, options) => mortal(() => store.commit(transaction, options)),
  };
}

function raise(message: string): never {
  throw new Error(message);
}
