import { expect } from "bun:test";
import type { MetaRecord } from "../../src/ipam/records.ts";
import { AgentNode } from "./agent-node.ts";
import { Checker } from "./checker.ts";
import { added, addressesOf, refused } from "./cni.ts";
import type { EtcdCluster } from "./etcd.ts";
import { loopbackPorts } from "./loopback-ports.ts";
import { type RecoveryEnd, recoverPair } from "./pair-recovery.ts";
import { type PairStore, pairOnEtcd } from "./pair-store.ts";
import type { Finished } from "./run.ts";
import { eventually } from "./wait.ts";

/** Whether a node's verbs go to the plugin alone, or through the shim to its agent. */
export type Way = AgentNode["through"];

/** Far beyond what anything takes, in milliseconds. */
const PATIENCE = 60_000;

/** Two machines on one store, and the books of what their containers have. */
export class Pair implements AsyncDisposable {
  readonly one: AgentNode;
  readonly two: AgentNode;
  readonly books = new Checker();
  readonly #store: PairStore;
  readonly #metrics = new Map<AgentNode, number>();

  private constructor(store: PairStore, ways: readonly [Way, Way], further: object) {
    this.#store = store;
    const settings = { ...store.settings, ...further };
    const ipam = { type: "kube-ipam", subnet: "10.50.0.0/28", coolingSeconds: 0 };
    const network = { cniVersion: "1.0.0", name: "net1", type: "macvlan", ipam };
    const { folder } = store;
    this.one = new AgentNode("n1", folder, settings, network, ways[0]);
    this.two = new AgentNode("n2", folder, settings, network, ways[1]);
  }

  /**
   * Machines whose agents, where they have any, serve.
   *
   * @param store of an etcd they get a prefix of their own.
   * @param further keys of the nodes' files.
   */
  static async open(
    store: EtcdCluster | PairStore,
    ways: readonly [Way, Way] = ["plugin", "plugin"],
    further: object = {},
  ): Promise<Pair> {
    const pair = new Pair("endpoints" in store ? pairOnEtcd(store) : store, ways, further);
    for (const node of [pair.one, pair.two]) if (node.through === "agent") await pair.startAgent(node);
    return pair;
  }

  async startAgent(node: AgentNode): Promise<void> {
    const [port = 0] = await loopbackPorts(1);
    this.#metrics.set(node, port);
    await node.startAgent(["--listen", `127.0.0.1:${port}`]);
  }

  /** The value of one of the agent's metrics without labels. */
  async metric(node: AgentNode, name: string): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.#metrics.get(node)}/metrics`)).text();
    const line = text.split("\n").find((each) => each.startsWith(`${name} `));
    return Number(line?.slice(name.length) ?? Number.NaN);
  }

  /** An ADD that must succeed; its address. */
  async add(node: AgentNode, container: string, args = ""): Promise<string> {
    const result = await node.add(container, args);
    this.books.gave(idOf(container), result);
    return addressesOf(result)[0] ?? "";
  }

  /** A DEL that must succeed, and the end of the namespace. */
  async end(node: AgentNode, container: string): Promise<void> {
    const finished = await node.end(container);
    expect(`${finished.exitCode} ${finished.stdout}`).toBe("0 ");
    this.books.ended(idOf(container));
  }

  /**
   * A container begins to live on each node, then the snapshot is saved, and then the named ones begin to live.
   *
   * @returns the snapshot, which does not know the latter.
   */
  async liveOn(later: Readonly<Partial<Record<"one" | "two", readonly string[]>>>): Promise<string> {
    await this.add(this.one, "a");
    await this.add(this.two, "x");
    const snapshot = await this.#store.snapshot();
    for (const container of later.one ?? []) await this.add(this.one, container);
    for (const container of later.two ?? []) await this.add(this.two, container);
    return snapshot;
  }

  /** An ADD that must be refused; code and words. */
  async refused(node: AgentNode, container = "refused"): Promise<string> {
    const { code, msg, details } = refused(await node.tryAdd(container));
    const ended = await node.end(container);
    expect(`${ended.exitCode} ${ended.stdout}`).toBe("0 ");
    return `${code} ${msg}: ${details}`;
  }

  /** Every ADD of both nodes is refused, however often it comes. */
  async expectStopped(): Promise<void> {
    expect((await this.meta())?.state).toBe("suspect");
    for (const node of [this.two, this.one, this.two]) expect(await this.refused(node)).toStartWith("106 ");
  }

  /** An ADD that was begun elsewhere has succeeded. */
  gave(container: string, finished: Finished): void {
    this.books.gave(idOf(container), added(finished));
  }

  /** These have ended, or lost their addresses to an operator. */
  ended(...containers: string[]): void {
    for (const container of containers) this.books.ended(idOf(container));
  }

  /** A power cut of a node where these live. */
  async reboot(node: AgentNode, containers: readonly string[]): Promise<void> {
    await node.reboot();
    this.ended(...containers);
  }

  /** Ends a container without a DEL. */
  async vanish(node: AgentNode, container: string): Promise<void> {
    await node.forget(container);
    this.books.ended(idOf(container));
  }

  /** The store's identity, past kube-ipam. */
  meta() {
    return this.#store.meta();
  }

  /** Resolves when somebody has stopped all nodes. */
  async stopped(): Promise<MetaRecord> {
    return eventually(async () => {
      const meta = await this.meta();
      return meta?.state === "suspect" ? meta : undefined;
    }, PATIENCE);
  }

  stored() {
    return this.#store.stored();
  }

  /** What the store holds for a container; undefined where nothing. */
  async heldFor(container: string): Promise<string | undefined> {
    return (await this.stored()).find((each) => each.container === container)?.address;
  }

  /** Broken promises: duplicates, what is lost, what leaks. */
  async faults(): Promise<string[]> {
    return this.books.faults(await this.stored());
  }

  /** Resolves when there are no faults; else shows those that stay. */
  async sound(): Promise<void> {
    let last: string[] = [];
    await eventually(async () => {
      last = await this.faults();
      return last.length === 0 || undefined;
    }, PATIENCE).catch(() => undefined);
    expect(last).toEqual([]);
  }

  /** `recover` on the first node; where there is no agent, an operator answers on the node. */
  recover(): Promise<RecoveryEnd> {
    return recoverPair(this);
  }

  /** After a recovery without conflicts: the living have what they had, and both nodes give out the rest, each address once. */
  async expectRecovered(): Promise<void> {
    const { exitCode, recovered } = await this.recover();
    expect([exitCode, recovered.silent, recovered.conflicts]).toEqual([0, [], []]);
    await this.expectSound();
  }

  /** Both nodes give out all that is left, each address once, and the living have what they had. */
  async expectSound(): Promise<void> {
    expect((await this.meta())?.state).toBe("ready");
    let refusals = 0;
    for (let n = 0; refusals < 2; n++) {
      const finished = await (n % 2 === 0 ? this.one : this.two).tryAdd(`fill${n}`);
      if (finished.exitCode === 0) this.gave(`fill${n}`, finished);
      else expect(refused(finished).code).toBe(100);
      refusals = finished.exitCode === 0 ? 0 : refusals + 1;
    }
    await this.sound();
    expect((await this.stored()).length).toBe(13);
    expect((await this.meta())?.state).toBe("ready");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.one[Symbol.asyncDispose]();
    await this.two[Symbol.asyncDispose]();
  }
}

function idOf(container: string) {
  return { network: "net1", container, ifname: "eth0" };
}
