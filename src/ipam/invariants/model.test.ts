import { expect, test } from "bun:test";
import fc from "fast-check";
import { IpamError } from "../errors.ts";
import { collect } from "../free/collect.ts";
import { reclaim } from "../free/reclaim.ts";
import { StoreFailure } from "../store-port.ts";
import type { FakeNode } from "../testing/fake-node.ts";
import { lyingForesight } from "../testing/lying-foresight.ts";
import { add, allocations, createWorld, del, named, smallNetwork, texts } from "../testing/world.ts";

/**
 * Random lives of pods on three machines that share a store which sometimes fails, against a
 * model that only knows which containers live and what was printed for them. After every step:
 * no address was printed for two living containers, and the store holds what was printed. At the
 * end, when every container is gone and every node has reclaimed, nothing is left.
 */

const NODES = ["node1", "node2", "node3"] as const;
const LAST = 9; // 10.1.2.2 to .9: few enough that pools run full

type Step =
  | { readonly do: "add"; readonly node: number; readonly container: number; readonly wish?: number }
  | { readonly do: "del" | "crash" | "again"; readonly container: number }
  | { readonly do: "reclaim" | "reboot" | "gc"; readonly node: number }
  | {
      readonly do: "fault";
      readonly on: "read" | "commit";
      readonly kind: "unavailable" | "unknown-outcome";
      readonly applied: boolean;
    };

const nodes = fc.nat({ max: NODES.length - 1 });
const containers = fc.nat({ max: 14 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("add" as const), node: nodes, container: containers }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("add" as const),
      node: nodes,
      container: containers,
      wish: fc.integer({ min: 2, max: LAST }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom("del" as const, "crash" as const, "again" as const),
      container: containers,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom("reclaim" as const, "reboot" as const, "gc" as const),
      node: nodes,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("fault" as const),
      on: fc.constantFrom("read" as const, "commit" as const),
      kind: fc.constantFrom("unavailable" as const, "unknown-outcome" as const),
      applied: fc.boolean(),
    }),
  },
);

interface Living {
  readonly node: number;
  readonly address: string;
}

class Model {
  readonly world: ReturnType<typeof createWorld>;
  readonly nodes: FakeNode[];
  readonly living = new Map<number, Living>();

  /**
   * With rumours each node remembers between ADDs, as the agent does, and believes of addresses what
   * they say, in turn: a view of what is taken may be wrong in any way. Or it guesses, as the
   * plugin does that has no view.
   */
  constructor(rumours: readonly boolean[] = [], guessing = false) {
    let next = 0;
    const taken = () => rumours[next++ % rumours.length] ?? false;
    this.world = guessing
      ? createWorld({ foresight: "guessing" })
      : createWorld({ foresight: rumours.length > 0, foresees: () => lyingForesight(taken) });
    this.nodes = NODES.map((name) => this.world.node(name));
  }

  ports(index: number) {
    const node = this.nodes[index];
    if (node === undefined) throw new Error(`no node ${index}`);
    return this.world.ports(node);
  }

  async play(next: Step): Promise<void> {
    try {
      await this.#act(next);
    } catch (failure) {
      if (!(failure instanceof IpamError) && !(failure instanceof StoreFailure)) throw failure;
    }
    await this.requireOneOwner();
  }

  async #act(next: Step): Promise<void> {
    switch (next.do) {
      case "add":
        return this.#add(next.container, next.node, next.wish);
      case "again":
        return this.#again(next.container);
      case "del":
      case "crash":
        return this.#end(next.container, next.do === "del");
      case "reclaim":
        return void (await reclaim(this.ports(next.node), {
          records: 4,
          deadline: performance.now() + 5000,
        }));
      case "gc":
        return this.#collect(next.node);
      case "reboot":
        return this.#reboot(next.node);
      case "fault":
        // "unknown-outcome" is only ever the answer to a commit.
        if (next.on === "commit" || next.kind === "unavailable") {
          this.world.store.faults.push({
            on: next.on,
            kind: next.kind,
            ...(next.kind === "unknown-outcome" && { applied: next.applied }),
          });
        }
    }
  }

  async #add(container: number, node: number, wish?: number): Promise<void> {
    if (this.living.has(container)) return;
    const wanted = wish === undefined ? {} : { wish: named(`10.1.2.${wish}`) };
    const name = `c${container}-${node}`;
    const ports = this.ports(node);
    try {
      const allocated = await add(ports, name, { network: smallNetwork(LAST), ...wanted });
      const address = texts(allocated)[0] ?? "";
      if (wish !== undefined) expect(address).toBe(`10.1.2.${wish}/24`);
      this.living.set(container, { node, address });
    } catch (failure) {
      // The runtime removes the sandbox of a failed ADD; its DEL may fail too.
      await del(ports, name).catch(() => {});
      (ports.node as FakeNode).removeNamespace(`/run/netns/${name}`);
      throw failure;
    }
  }

  async #again(container: number): Promise<void> {
    const living = this.living.get(container);
    if (living === undefined) return;
    const allocated = await add(this.ports(living.node), `c${container}-${living.node}`, {
      network: smallNetwork(LAST),
    });
    expect(texts(allocated)).toEqual([living.address]);
  }

  async #end(container: number, orderly: boolean): Promise<void> {
    const living = this.living.get(container);
    if (living === undefined) return;
    const name = `c${container}-${living.node}`;
    this.living.delete(container);
    const ports = this.ports(living.node);
    if (orderly)
      await del(ports, name).finally(() => (ports.node as FakeNode).removeNamespace(`/run/netns/${name}`));
    else (ports.node as FakeNode).removeNamespace(`/run/netns/${name}`);
  }

  async #collect(node: number): Promise<void> {
    const deadline = performance.now() + 5000;
    // The runtime's list is empty: only EVIDENCE protects the living.
    await collect(
      { network: "net1", space: "default", valid: [], coolingSeconds: 0, deadline },
      this.ports(node),
    );
  }

  #reboot(node: number): void {
    this.nodes[node]?.reboot();
    for (const [container, living] of this.living) if (living.node === node) this.living.delete(container);
  }

  async requireOneOwner(): Promise<void> {
    const printed = [...this.living.values()].map(({ address }) => address);
    expect(new Set(printed).size).toBe(printed.length);
    this.world.store.faults.length = Math.min(this.world.store.faults.length, 3);
    const faults = this.world.store.faults.splice(0);
    const held = await allocations(this.ports(0));
    this.world.store.faults.push(...faults);
    for (const [container, { address, node }] of this.living) {
      expect(held.get(address.replace("/24", ""))).toEqual([`c${container}-${node}`]);
    }
  }

  async requireNothingLeft(): Promise<void> {
    this.world.store.faults.length = 0;
    for (const container of [...this.living.keys()]) await this.#end(container, false);
    for (const index of NODES.keys()) {
      await reclaim(this.ports(index), { records: 100, sweep: true, deadline: performance.now() + 5000 });
    }
    expect([...(await allocations(this.ports(0))).keys()]).toEqual([]);
  }
}

test("random lives of pods never share an address and leave nothing behind", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 60, size: "max" }),
      fc.array(fc.boolean(), { maxLength: 12 }),
      fc.boolean(),
      async (steps, rumours, guessing) => {
        const model = new Model(rumours, guessing);
        for (const next of steps) await model.play(next);
        await model.requireNothingLeft();
      },
    ),
    { numRuns: 500 },
  );
}, 120_000);
