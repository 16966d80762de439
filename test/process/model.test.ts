import { expect } from "bun:test";
import fc from "fast-check";
import { ours } from "../kit/case.ts";
import { type AddResult, added, addressesOf } from "../kit/cni.ts";
import type { Namespace } from "../kit/namespaces.ts";
import { subjectsUnderTest } from "../kit/subject.ts";
import { type Configuration, World } from "../kit/world.ts";

/**
 * Random sequences of what a runtime may do, run on the real executable and on a model of a few
 * lines; after each step the three promises of the product must hold.
 */

type Step =
  | { readonly verb: "add"; readonly container: string; readonly fixed?: number | undefined }
  | { readonly verb: "del"; readonly container: string }
  | { readonly verb: "crash"; readonly container: string }
  | { readonly verb: "gc"; readonly valid: readonly string[] };

const container = fc.constantFrom("c1", "c2", "c3", "c4", "c5");

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      verb: fc.constant("add" as const),
      container,
      fixed: fc.option(fc.integer({ min: 2, max: 6 }), { nil: undefined, freq: 2 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ verb: fc.constant("del" as const), container }) },
  { weight: 2, arbitrary: fc.record({ verb: fc.constant("crash" as const), container }) },
  {
    weight: 1,
    arbitrary: fc.record({
      verb: fc.constant("gc" as const),
      valid: fc.subarray(["c1", "c2", "c3", "c4", "c5"]),
    }),
  },
);

const RUNS = 12;
const STEPS = 16;

ours(
  "model",
  `random ADD, DEL, GC and crashes keep the promises (${RUNS} runs of ${STEPS})`,
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: STEPS, maxLength: STEPS }), async (steps) => {
        const subject = subjectsUnderTest().find((each) => each.ours);
        if (subject === undefined) return;
        await using world = await World.open(subject);
        const model = new Model(world);
        for (const each of steps) {
          await model.perform(each);
          await model.verify();
        }
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  },
  { limit: 240_000 },
);

/** Six addresses less the gateway for five containers, so that ranges run full now and then. */
class Model {
  private readonly net: Configuration;
  /** Attachments whose namespace lives, with what their ADD printed. */
  private readonly live = new Map<string, AddResult>();
  /** Attachments whose namespace is gone and which no DEL has ended: the store may hold them or not. */
  private readonly dead = new Map<string, readonly string[]>();
  private readonly namespaces = new Map<string, Namespace>();

  constructor(private readonly world: World) {
    this.net = world.network({ subnet: "10.1.2.0/29", coolingSeconds: 1 }, { cniVersion: "1.1.0" });
  }

  async perform(each: Step): Promise<void> {
    if (each.verb === "add") await this.add(each.container, each.fixed);
    else if (each.verb === "del") await this.del(each.container);
    else if (each.verb === "crash") await this.crash(each.container);
    else await this.gc(each.valid);
  }

  async verify(): Promise<void> {
    const held = await this.world.held();
    const addresses = held.map((allocation) => allocation.address);
    expect(new Set(addresses).size).toBe(addresses.length);
    for (const [name, result] of this.live) {
      const own = held.filter((allocation) => allocation.container === name);
      expect(own.map((allocation) => allocation.address)).toEqual(addressesOf(result));
    }
    for (const { container: name } of held) expect(this.live.has(name) || this.dead.has(name)).toBe(true);
  }

  private async add(name: string, fixed: number | undefined): Promise<void> {
    // A runtime never adds to a sandbox that it knows to be gone.
    if (this.dead.has(name)) return;
    const netns = await this.namespaceOf(name);
    const args = fixed === undefined ? "" : `IP=10.1.2.${fixed}`;
    const finished = await this.world.run("ADD", this.net, { container: name, netns, args });
    const before = this.live.get(name);
    if (finished.exitCode === 0) {
      const result = added(finished);
      if (before !== undefined) expect(result).toEqual(before);
      else if (fixed !== undefined) expect(addressesOf(result)).toEqual([`10.1.2.${fixed}`]);
      this.live.set(name, result);
      return;
    }
    this.judgeRefusal(this.world.refusal(finished, { code: codeOf(finished.stdout) }), name, fixed);
  }

  /** A refusal is right only if the wanted address, or all of them, belong to the living. */
  private judgeRefusal(text: string, name: string, fixed: number | undefined): void {
    const taken = [...this.live.values()].flatMap(addressesOf);
    const own = this.live.get(name);
    if (own !== undefined) {
      expect(fixed).toBeDefined();
      expect(addressesOf(own)).not.toEqual([`10.1.2.${fixed}`]);
      return;
    }
    if (fixed === undefined) expect({ text, taken: taken.length }).toEqual({ text, taken: 5 });
    else expect({ text, taken }).toEqual({ text, taken: expect.arrayContaining([`10.1.2.${fixed}`]) });
  }

  private async del(name: string): Promise<void> {
    await this.world.del(this.net, { container: name, netns: "" });
    this.live.delete(name);
    this.dead.delete(name);
    expect((await this.world.held()).filter((each) => each.container === name)).toEqual([]);
  }

  private async crash(name: string): Promise<void> {
    await this.namespaces.get(name)?.remove();
    this.namespaces.delete(name);
    const result = this.live.get(name);
    if (result !== undefined) this.dead.set(name, addressesOf(result));
    this.live.delete(name);
  }

  private async gc(valid: readonly string[]): Promise<void> {
    const list = valid.map((containerID) => ({ containerID, ifname: "eth0" }));
    const none = { container: "", netns: "", ifname: "" };
    await this.world.quietly("GC", { ...this.net, "cni.dev/valid-attachments": list }, none);
    const held = (await this.world.held()).map((each) => each.container);
    for (const name of this.dead.keys()) {
      if (!valid.includes(name)) expect(held).not.toContain(name);
    }
  }

  private async namespaceOf(name: string): Promise<string> {
    const namespace = this.namespaces.get(name) ?? (await this.world.makeNamespace());
    this.namespaces.set(name, namespace);
    return namespace.path;
  }
}

function codeOf(stdout: string): number {
  return (JSON.parse(stdout) as { code: number }).code;
}
