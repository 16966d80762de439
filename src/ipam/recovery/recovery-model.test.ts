import { expect, test } from "bun:test";
import fc from "fast-check";
import { formatAddress } from "../../address/address.ts";
import { createMemoryStore } from "../../store/memory/memory-store.ts";
import { IpamError } from "../errors.ts";
import { WarmForesight } from "../foresee/warm-foresight.ts";
import { reclaim } from "../free/reclaim.ts";
import { release } from "../free/release.ts";
import { ThrownBack } from "../integrity/thrown-back.ts";
import type { Ports } from "../ports.ts";
import { liftBlocks } from "../reserve/blocks.ts";
import { type Store, StoreFailure, type Transaction } from "../store-port.ts";
import { FakeNode } from "../testing/fake-node.ts";
import { add, allocations, attachment, named, smallNetwork } from "../testing/world.ts";
import { answerRecovery } from "./answer.ts";
import { readAnswers } from "./answers.ts";
import { beginRecovery, endRecovery } from "./begin.ts";
import { blockSilent } from "./block-silent.ts";

/**
 * Three machines on one store that is set back and lost again and again, with nodes that answer late
 * or not at all. Whatever happens, no two living attachments have one address; and when all have
 * answered the store says what lives, and nothing else.
 */

const NODES = ["n1", "n2", "n3"] as const;
const NONE = { cached: async () => [], otherStores: async () => new Set<string>() };
const NETWORK = { ...smallNetwork(12), coolingSeconds: 0 };
const soon = () => ({ deadline: performance.now() + 60_000 });

type Step =
  | {
      readonly kind: "add" | "fixed" | "del" | "die" | "reclaim" | "answer" | "forget" | "reboot";
      readonly node: number;
      readonly pick: number;
    }
  | { readonly kind: "backup" | "set back" | "lose" | "finish"; readonly pick: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constantFrom(
      "add",
      "add",
      "add",
      "fixed",
      "del",
      "die",
      "reclaim",
      "answer",
      "forget",
      "reboot",
    ),
    node: fc.nat(2),
    pick: fc.nat(20),
  }),
  fc.record({ kind: fc.constantFrom("backup", "set back", "lose", "finish", "finish"), pick: fc.nat(20) }),
) as fc.Arbitrary<Step>;

interface Living {
  readonly node: number;
  readonly address: string;
}

class Model {
  readonly living = new Map<string, Living>();
  readonly machines = NODES.map((name) => new FakeNode(name));
  /** As agents have it. */
  readonly #foresights = NODES.map(() => new WarmForesight());
  #current = createMemoryStore();
  #log: Transaction[] = [];
  #backup: Transaction[] = [];
  #recovery: string | undefined;
  #count = 0;

  readonly store: Store = {
    description: { kind: "memory", location: "memory", prefix: "", shared: true, foresees: true },
    read: (query, options) => this.#current.read(query, options),
    commit: async (transaction, options) => {
      const outcome = await this.#current.commit(transaction, options);
      if (outcome.won) this.#log.push(transaction);
      return outcome;
    },
    list: (scope, options) => this.#current.list(scope, options),
    count: (scope, options) => this.#current.count(scope, options),
    spaces: (options) => this.#current.spaces(options),
    watch: (scope, since, options) => this.#current.watch(scope, since, options),
    changes: (kinds, since, options) => this.#current.changes(kinds, since, options),
    requireWritable: (options) => this.#current.requireWritable(options),
    close: async () => undefined,
  };

  ports(node: number): Ports {
    const machine = this.machines[node];
    if (machine === undefined) throw new Error("no such node");
    const foresight = this.#foresights[node];
    return {
      store: this.store,
      node: machine,
      ...(foresight && { foresight }),
      log: () => undefined,
      random: Math.random,
    };
  }

  /** Each node knows the store before anything happens to it. */
  async begin(): Promise<void> {
    for (const node of [0, 1, 2]) await this.perform({ kind: "add", node, pick: 0 });
  }

  async perform(step: Step): Promise<void> {
    switch (step.kind) {
      case "add":
        return this.#add(step.node);
      case "fixed":
        return this.#add(step.node, `10.1.2.${2 + (step.pick % 14)}`);
      case "del":
        return this.#del(step);
      case "die":
        return this.#die(step);
      case "reclaim":
        return void (await reclaim(this.ports(step.node), { records: 99, sweep: true, ...soon() }));
      case "answer":
        return this.#answer(step.node);
      case "reboot":
        return this.#reboot(step.node);
      case "forget":
        return this.#forget(step.node);
      case "backup":
        this.#backup = [...this.#log];
        return;
      case "set back":
      case "lose":
        return this.#disaster(step.kind === "lose" ? [] : this.#backup);
      default:
        return this.#finish();
    }
  }

  async finishAll(): Promise<void> {
    if (this.#recovery === undefined) await this.#disaster(this.#log);
    for (let tries = 0; tries < 5 && this.#recovery !== undefined; tries++) {
      // The first answer may need another recovery, and the second one may end a conflict.
      for (let round = 0; round < 3; round++) for (const node of [0, 1, 2]) await this.#answer(node);
      await this.#finish();
    }
    expect(this.#recovery).toBeUndefined();
    for (const node of [0, 1, 2]) await reclaim(this.ports(node), { records: 99, sweep: true, ...soon() });
  }

  duplicates(): string[] {
    const addresses = [...this.living.values()].map(({ address }) => address);
    return addresses.filter((address, index) => addresses.indexOf(address) !== index);
  }

  async #add(node: number, ip?: string): Promise<void> {
    const container = `c${this.#count++}`;
    const wish = ip === undefined ? {} : { wish: named(ip) };
    try {
      const { addresses } = await add(this.ports(node), container, { network: NETWORK, ...wish });
      const [given] = addresses;
      if (given !== undefined) this.living.set(container, { node, address: formatAddress(given.address) });
    } catch (failure) {
      requireRefusal(failure, [11, 100, 101, 102, 106]);
      // As a runtime does after a failed ADD.
      await this.#release(node, container);
      this.machines[node]?.removeNamespace(`/run/netns/${container}`);
    }
  }

  async #release(node: number, container: string): Promise<boolean> {
    const deadline = performance.now() + 60_000;
    const id = attachment(container);
    return release({ attachment: id, coolingSeconds: 0, deadline }, this.ports(node)).then(
      () => true,
      (failure) => {
        requireRefusal(failure, [11, 106]);
        return false;
      },
    );
  }

  #pick({ node, pick }: { readonly node: number; readonly pick: number }): string | undefined {
    const own = [...this.living].filter(([, each]) => each.node === node);
    return own[pick % Math.max(1, own.length)]?.[0];
  }

  async #del(step: Extract<Step, { node: number }>): Promise<void> {
    const container = this.#pick(step);
    if (container === undefined || !(await this.#release(step.node, container))) return;
    this.#gone(step.node, container);
  }

  #die(step: Extract<Step, { node: number }>): void {
    const container = this.#pick(step);
    if (container !== undefined) this.#gone(step.node, container);
  }

  #gone(node: number, container: string): void {
    this.machines[node]?.removeNamespace(`/run/netns/${container}`);
    this.living.delete(container);
  }

  #reboot(node: number): void {
    this.machines[node]?.reboot();
    for (const [container, each] of this.living) if (each.node === node) this.living.delete(container);
  }

  /** A store that was set back into a recovery, which this node has answered, needs another one. */
  async #answer(node: number): Promise<void> {
    try {
      await answerRecovery(NONE, this.ports(node), soon());
    } catch (failure) {
      if (!(failure instanceof ThrownBack)) throw failure;
      this.#recovery = (await beginRecovery(this.ports(0), soon())).recovery;
    }
  }

  /** An operator says so only of a node that holds nothing. */
  async #forget(node: number): Promise<void> {
    if ([...this.living.values()].some((each) => each.node === node)) return;
    await liftBlocks([NODES[node] ?? ""], this.ports(0), soon());
  }

  /** The store is what it was, or nothing; the operator begins a recovery before anything else happens. */
  async #disaster(history: readonly Transaction[]): Promise<void> {
    this.#current = createMemoryStore();
    this.#log = [];
    for (const { puts, deletes } of history) await this.store.commit({ guards: [], puts, deletes }, soon());
    this.#recovery = (await beginRecovery(this.ports(0), soon())).recovery;
  }

  async #finish(): Promise<void> {
    const recovery = this.#recovery;
    if (recovery === undefined) return;
    const blocking = { labels: new Map(), pools: [], spaces: () => ["default"] };
    const look = () => readAnswers(recovery, NODES, this.ports(0), soon());
    try {
      await blockSilent(look, blocking, this.ports(0), soon());
      await endRecovery(recovery, this.ports(0), soon());
      this.#recovery = undefined;
    } catch (failure) {
      // A node has noticed meanwhile that the store was thrown back: the operator is told to begin again, and does.
      requireRefusal(failure, [11]);
      this.#recovery = (await beginRecovery(this.ports(0), soon())).recovery;
    }
  }
}

function requireRefusal(failure: unknown, codes: readonly number[]): void {
  if (failure instanceof IpamError && codes.includes(failure.code)) return;
  if (failure instanceof StoreFailure) return;
  throw failure;
}

test("no address is ever given twice, and in the end the store says what lives", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const model = new Model();
      await model.begin();
      for (const each of steps) {
        await model.perform(each);
        expect(model.duplicates()).toEqual([]);
      }
      await model.finishAll();
      const held = [...(await allocations(model.ports(0)))].map(([address, [container]]) => [
        container,
        address,
      ]);
      const living = [...model.living].map(([container, { address }]) => [container, address]);
      expect(held.sort()).toEqual(living.sort());
    }),
    { numRuns: Number(process.env.RUNS ?? 150) },
  );
}, 120_000);
