import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseAddress } from "../../address/address.ts";
import { allocate } from "../allocate/allocate.ts";
import type { PodFacts } from "../cluster-port.ts";
import { IpamError } from "../errors.ts";
import { reclaim } from "../free/reclaim.ts";
import { release } from "../free/release.ts";
import type { FakeNode } from "../testing/fake-node.ts";
import { LivingCluster } from "../testing/living-cluster.ts";
import { addRequest, allocations, attachment, createWorld, smallNetwork, texts } from "../testing/world.ts";

/**
 * Random lives of a StatefulSet's pods with fixed addresses: deleted, deleted by force, moved to
 * other nodes; nodes go silent, are cut off and come back; DELs are lost. The model knows which
 * sandboxes run. After every step: no address is printed for two running sandboxes. At the end,
 * once the holders are really gone, every pod gets its own address in one more try.
 */

const NODES = ["node1", "node2", "node3"] as const;
const PODS = 5;
/** Of the pods, the last wants the address of the first: two that cannot run at once. */
const RIVALS = 1;

type Step =
  | {
      readonly do: "schedule" | "start" | "delete" | "force" | "stop" | "lose";
      readonly pod: number;
      readonly node: number;
    }
  | { readonly do: "silence" | "revive" | "reboot" | "taint" | "reclaim"; readonly node: number };

const pod = fc.nat({ max: PODS - 1 });
const node = fc.nat({ max: NODES.length - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom("schedule", "start", "start", "delete", "force", "stop", "lose"),
      pod,
      node,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom("silence", "revive", "reboot", "taint", "reclaim"), node }),
  },
) as fc.Arbitrary<Step>;

interface Sandbox {
  readonly container: string;
  readonly pod: number;
  readonly uid: string;
  readonly node: number;
  readonly address: string;
}

class Model {
  readonly cluster = new LivingCluster();
  readonly world: ReturnType<typeof createWorld>;
  readonly nodes: FakeNode[];
  readonly scheduled = new Map<number, { facts: PodFacts; node: number }>();
  /** Sandboxes whose network namespace lives, whatever Kubernetes thinks of their pods. */
  readonly running: Sandbox[] = [];
  /** Nodes that are cut off: their kubelets act no more, their sandboxes run on. */
  readonly silent = new Set<number>();
  #sandboxes = 0;

  /** With `agents`, each node remembers what its ADDs left. */
  constructor(agents = false) {
    this.world = createWorld({ foresight: agents });
    this.nodes = NODES.map((name) => this.world.node(name));
    for (const [index, name] of NODES.entries())
      this.cluster.setNode(name, { bootId: this.machine(index).bootId });
  }

  machine(index: number): FakeNode {
    const machine = this.nodes[index];
    if (machine === undefined) throw new Error(`no node ${index}`);
    return machine;
  }

  ports(index: number) {
    return this.world.ports(this.machine(index), this.cluster, "cluster-1");
  }

  async play(next: Step): Promise<void> {
    try {
      await this.#act(next);
    } catch (failure) {
      if (!(failure instanceof IpamError)) throw failure;
      expect([11, 101]).toContain(failure.code);
    }
    this.requireOneOwner();
  }

  async #act(next: Step): Promise<void> {
    switch (next.do) {
      case "schedule":
        if (!this.scheduled.has(next.pod)) {
          const facts = this.cluster.createPod(`db-${next.pod}`, NODES[next.node] ?? "");
          this.scheduled.set(next.pod, { facts, node: next.node });
        }
        return;
      case "start":
        return this.start(next.pod);
      case "delete":
        return this.#delete(next.pod, false);
      case "force":
        return this.#delete(next.pod, true);
      case "stop":
        return this.#stop(next.pod, true);
      case "lose":
        return this.#stop(next.pod, false);
      case "silence":
        this.silent.add(next.node);
        return this.cluster.setNode(NODES[next.node] ?? "", { ready: "unknown" });
      case "revive":
        this.silent.delete(next.node);
        return this.cluster.setNode(NODES[next.node] ?? "", { ready: "true", outOfServiceTaint: false });
      case "taint":
        // An operator who says "out of service" makes sure of it first: the machine is off.
        if (!this.silent.has(next.node)) return;
        this.#powerOff(next.node);
        return this.cluster.setNode(NODES[next.node] ?? "", { outOfServiceTaint: true });
      case "reboot":
        this.#powerOff(next.node);
        this.silent.delete(next.node);
        return this.cluster.setNode(NODES[next.node] ?? "", {
          ready: "true",
          outOfServiceTaint: false,
          bootId: this.machine(next.node).bootId,
        });
      case "reclaim":
        if (this.silent.has(next.node)) return;
        return void (await reclaim(this.ports(next.node), {
          records: 10,
          deadline: performance.now() + 5000,
        }));
    }
  }

  /** The kubelet starts (another) sandbox of the pod; tells whether it has its address. */
  async start(index: number): Promise<void> {
    const scheduled = this.scheduled.get(index);
    if (scheduled === undefined || this.silent.has(scheduled.node)) return;
    const { facts, node: at } = scheduled;
    const live = await this.cluster.pod(facts);
    if (live?.uid !== facts.uid || live.deleting) return;
    if (this.running.some(({ uid }) => uid === facts.uid)) return;
    const container = `sandbox-${this.#sandboxes++}`;
    const ports = this.ports(at);
    const { owner } = await this.cluster.ownerOf(facts);
    const request = addRequest(ports, container, {
      network: smallNetwork(),
      pod: { namespace: facts.namespace, name: facts.name, uid: facts.uid },
      seconds: 2,
      wish: {
        fixed: [{ address: parseAddress(this.address(index)), source: "kube-ipam.ip" }],
        pod: facts,
        owner: { owner, ordinal: index },
      },
    });
    try {
      const allocated = await allocate(request, ports);
      expect(texts(allocated)).toEqual([`${this.address(index)}/24`]);
      this.running.push({ container, pod: index, uid: facts.uid, node: at, address: this.address(index) });
    } catch (failure) {
      this.machine(at).removeNamespace(`/run/netns/${container}`);
      throw failure;
    }
  }

  address(index: number): string {
    return `10.1.2.${100 + (index % (PODS - RIVALS))}`;
  }

  #delete(index: number, force: boolean): void {
    const scheduled = this.scheduled.get(index);
    if (scheduled === undefined) return;
    this.cluster.deletePod(scheduled.facts.name);
    // A pod that never had a sandbox has nothing to be stopped.
    const started = this.running.some(({ uid }) => uid === scheduled.facts.uid);
    if (!force && started) return;
    this.cluster.removePod(scheduled.facts.name, scheduled.facts.uid);
    this.scheduled.delete(index);
  }

  /** The kubelet stops one of the pod's sandboxes; its DEL may be lost. */
  async #stop(index: number, told: boolean): Promise<void> {
    const position = this.running.findIndex(({ pod: of, node: at }) => of === index && !this.silent.has(at));
    const [sandbox] = position === -1 ? [] : this.running.splice(position, 1);
    if (sandbox === undefined) return;
    if (told) {
      const deadline = performance.now() + 5000;
      await release(
        { attachment: attachment(sandbox.container), coolingSeconds: 60, deadline },
        this.ports(sandbox.node),
      );
    }
    this.machine(sandbox.node).removeNamespace(`/run/netns/${sandbox.container}`);
    const scheduled = this.scheduled.get(index);
    if (scheduled?.facts.uid !== sandbox.uid) return;
    const live = await this.cluster.pod(scheduled.facts);
    if (live?.deleting) {
      this.cluster.removePod(scheduled.facts.name, sandbox.uid);
      this.scheduled.delete(index);
    }
  }

  #powerOff(at: number): void {
    this.machine(at).reboot();
    for (let index = this.running.length - 1; index >= 0; index--) {
      if (this.running[index]?.node === at) this.running.splice(index, 1);
    }
  }

  requireOneOwner(): void {
    const addresses = this.running.map(({ address }) => address);
    expect(new Set(addresses).size).toBe(addresses.length);
  }

  /** Everything settles: nodes are back, old sandboxes end, and every pod comes up with its address. */
  async settle(): Promise<void> {
    for (const at of NODES.keys()) await this.#act({ do: "revive", node: at });
    for (let index = 0; index < PODS; index++) {
      while (this.running.some(({ pod: of }) => of === index)) await this.#stop(index, index % 2 === 0);
    }
    for (const at of NODES.keys()) {
      await reclaim(this.ports(at), { records: 50, sweep: true, deadline: performance.now() + 5000 });
    }
    expect([...(await allocations(this.ports(0))).keys()]).toEqual([]);
    for (let index = 0; index < PODS; index++) this.#delete(index, true);
    for (let index = 0; index < PODS - RIVALS; index++) {
      await this.#act({ do: "schedule", pod: index, node: index % NODES.length });
      await this.start(index);
    }
    expect(this.running.map(({ address }) => address)).toEqual(
      Array.from({ length: PODS - RIVALS }, (_, index) => this.address(index)),
    );
  }
}

test("pods with fixed addresses never share one, and each gets its own once the holder is gone", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: "max" }), fc.boolean(), async (steps, agents) => {
      const model = new Model(agents);
      for (const next of steps) await model.play(next);
      await model.settle();
    }),
    { numRuns: 300 },
  );
}, 120_000);

test("a pool of exactly as many addresses as pods survives a power cut of every node", async () => {
  const model = new Model();
  for (let index = 0; index < PODS - RIVALS; index++) {
    await model.play({ do: "schedule", pod: index, node: index % NODES.length });
    await model.play({ do: "start", pod: index, node: 0 });
  }
  expect(model.running).toHaveLength(PODS - RIVALS);
  for (const at of NODES.keys()) await model.play({ do: "reboot", node: at });
  for (let index = 0; index < PODS - RIVALS; index++) await model.start(index);
  expect(model.running.map(({ address }) => address)).toEqual(
    Array.from({ length: PODS - RIVALS }, (_, index) => model.address(index)),
  );
});

test("fencing: a pod of a silent node waits for the taint, and then has its address at once", async () => {
  const model = new Model();
  await model.play({ do: "schedule", pod: 1, node: 0 });
  await model.play({ do: "start", pod: 1, node: 0 });
  await model.play({ do: "silence", node: 0 });
  await model.play({ do: "force", pod: 1, node: 0 });
  await model.play({ do: "schedule", pod: 1, node: 1 });
  const refusal = await model.start(1).catch((failure) => failure);
  expect(refusal.code).toBe(11);
  expect(refusal.message).toContain("node1");
  await model.play({ do: "taint", node: 0 });
  await model.start(1);
  expect(model.running.map(({ node: at, address }) => [at, address])).toEqual([[1, model.address(1)]]);
});
