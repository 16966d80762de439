import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseAddress } from "../../address/address.ts";
import { CAPS } from "../../address/caps.ts";
import { check } from "../check/check.ts";
import { IpamError } from "../errors.ts";
import { collect } from "../free/collect.ts";
import { reclaim } from "../free/reclaim.ts";
import type { Network } from "../network.ts";
import { definitionsOf } from "../network-definitions.ts";
import type { FakeNode } from "../testing/fake-node.ts";
import { add, attachment, createWorld, del, network, texts } from "../testing/world.ts";

/**
 * Random lives of pods under a name whose definition grows, shrinks, moves, changes its address space and differs by
 * node, by turns, against a model that knows what was printed. After every step no address of one space was printed for
 * two living containers, and whatever the name means by then: an ADD again prints the same, CHECK holds, DEL frees. At the
 * end nothing is left.
 */

const NODES = 3;

function definition(subnet: string, first: string, last: string, change: Partial<Network> = {}): Network {
  const gateway = subnet.replace(/\.\d+\/\d+$/, ".1");
  return { ...network("net1", [{ subnet, first, last, gateway }]), ...change };
}

const DEFINITIONS: readonly Network[] = [
  definition("10.1.2.0/28", "10.1.2.2", "10.1.2.6"),
  definition("10.1.2.0/27", "10.1.2.2", "10.1.2.12"),
  definition("10.1.2.0/29", "10.1.2.4", "10.1.2.6"),
  definition("10.1.0.0/16", "10.1.2.3", "10.1.2.9"),
  definition("10.9.0.0/28", "10.9.0.2", "10.9.0.6"),
  definition("10.1.2.0/28", "10.1.2.2", "10.1.2.6", { space: "vlan20" }),
  definition("10.9.0.0/28", "10.9.0.2", "10.9.0.6", { space: "vlan20", coolingSeconds: 0 }),
  ...Array.from({ length: NODES }, (_, node) =>
    definition(`10.20.${node}.0/29`, `10.20.${node}.2`, `10.20.${node}.6`, { nodeLocal: true }),
  ),
  ...Array.from({ length: 5 }, (_, index) =>
    definition(`10.30.${index}.0/29`, `10.30.${index}.2`, `10.30.${index}.6`),
  ),
];

const node = fc.nat({ max: NODES - 1 });
const container = fc.nat({ max: 9 });
const by = fc.nat({ max: DEFINITIONS.length - 1 });
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("add" as const), node, container, by }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom("again" as const, "check" as const, "del" as const, "crash" as const),
      container,
      by,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("reclaim" as const, "gc" as const), node, by }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

interface Living {
  readonly node: number;
  readonly name: string;
  readonly space: string;
  readonly address: string;
}

class Model {
  readonly world;
  readonly nodes: readonly FakeNode[];
  readonly living = new Map<number, Living>();

  constructor(foresight: boolean | "guessing") {
    this.world = createWorld({ foresight });
    this.nodes = Array.from({ length: NODES }, (_, index) => this.world.node(`node${index}`));
  }

  ports(index: number) {
    const of = this.nodes[index];
    if (of === undefined) throw new Error(`no node ${index}`);
    return this.world.ports(of);
  }

  async play(next: Step): Promise<void> {
    const network = DEFINITIONS[next.by];
    if (network === undefined) throw new Error("no definition");
    const deadline = performance.now() + 5_000;
    if (next.do === "reclaim") await reclaim(this.ports(next.node), { records: 4, deadline });
    else if (next.do === "gc") {
      const of = { network: "net1", space: network.space, valid: [], coolingSeconds: 0, deadline };
      await collect(of, this.ports(next.node));
    } else if (next.do === "add") await this.#add(next.container, next.node, network);
    else if ("container" in next) await this.#other(next.do, next.container, network);
    await this.requireOneOwner();
  }

  async #add(number: number, on: number, network: Network): Promise<void> {
    if (this.living.has(number)) return;
    const name = `c${number}-${on}`;
    const ports = this.ports(on);
    try {
      const allocated = await add(ports, name, { network });
      expect(allocated.space).toBe(network.space);
      this.living.set(number, { node: on, name, space: allocated.space, address: texts(allocated)[0] ?? "" });
    } catch (failure) {
      // All that may keep an ADD from its address here.
      if (!(failure instanceof IpamError) || failure.name !== "noFreeAddress") throw failure;
      await del(ports, name);
    }
  }

  async #other(what: "again" | "check" | "del" | "crash", number: number, network: Network): Promise<void> {
    const living = this.living.get(number);
    if (living === undefined) return;
    const { address, name } = living;
    const ports = this.ports(living.node);
    if (what === "again") expect(texts(await add(ports, name, { network }))).toEqual([address]);
    else if (what === "check") {
      const expected = [parseAddress(address.split("/")[0] ?? "")];
      await check(
        { attachment: attachment(name), network, expected, deadline: performance.now() + 5_000 },
        ports,
      );
    } else {
      this.living.delete(number);
      if (what === "del") await del(ports, name);
      else (ports.node as FakeNode).removeNamespace(`/run/netns/${name}`);
    }
  }

  async held(): Promise<Map<string, string[]>> {
    const held = new Map<string, string[]>();
    const listing = this.world.store.list({ kind: "allocation" }, { deadline: performance.now() + 5_000 });
    for await (const { ref, record } of listing) {
      const { address, space } = ref;
      const names = record.holders.map((holder) => holder.attachment.container);
      held.set(`${space} ${address.family} ${address.value}`, names);
    }
    return held;
  }

  async requireOneOwner(): Promise<void> {
    const held = await this.held();
    for (const { address, name, space } of this.living.values()) {
      const { family, value } = parseAddress(address.split("/")[0] ?? "");
      expect(held.get(`${space} ${family} ${value}`)).toEqual([name]);
    }
  }

  async requireNothingLeft(): Promise<void> {
    for (const { name, node: on } of this.living.values())
      this.nodes[on]?.removeNamespace(`/run/netns/${name}`);
    for (const index of this.nodes.keys())
      await reclaim(this.ports(index), { records: 100, sweep: true, deadline: performance.now() + 5_000 });
    expect([...(await this.held()).keys()]).toEqual([]);
    const ref = { kind: "network", name: "net1" } as const;
    const known = (await this.world.store.read({ refs: [ref] }, { deadline: performance.now() + 5_000 })).get(
      ref,
    );
    if (known !== undefined) expect(definitionsOf(known.record).length).toBeLessThanOrEqual(CAPS.definitions);
  }
}

test("a name that means one thing after another never gives an address twice, and leaves nothing behind", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 50, size: "max" }),
      fc.constantFrom(false, true, "guessing" as const),
      async (steps, foresight) => {
        const model = new Model(foresight);
        for (const next of steps) await model.play(next);
        await model.requireNothingLeft();
      },
    ),
    { numRuns: 150 },
  );
}, 120_000);
