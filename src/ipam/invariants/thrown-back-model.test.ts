import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseAddress } from "../../address/address.ts";
import { refTo } from "../ref-to.ts";
import { KINDS, type Step, ThrownBackModel } from "../testing/thrown-back-model.ts";
import { type Foresees, NODES, soon } from "../testing/thrown-back-world.ts";
import { allocations } from "../testing/world.ts";

/**
 * Three machines, each of its own kind, on one store that is thrown back to any of its earlier states, while
 * processes die at any point. Nobody begins a recovery before somebody has noticed.
 */

const DISASTERS = ["throw back", "throw back far"];

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(...KINDS),
  node: fc.nat(2),
  pick: fc.nat(1_000),
  death: fc.option(fc.record({ call: fc.nat(5), after: fc.boolean() }), { freq: 6, nil: undefined }),
});

const kinds = fc.tuple(...NODES.map(() => fc.constantFrom<Foresees>("known", "guessed", "nothing")));

async function play(foresees: readonly Foresees[], steps: readonly Step[], bounds: boolean): Promise<void> {
  const model = new ThrownBackModel(foresees, bounds);
  await model.begin();
  for (const each of steps) await model.perform(each);
  await model.finish();
  const { world } = model;
  const held = [...(await allocations(world.ports(0)))].map(
    ([address, [container]]) => `${container} ${address}`,
  );
  const living = [...world.living].map(([container, { address }]) => `${container} ${address}`);
  expect(held.sort()).toEqual(living.sort());
  expect((await world.meta())?.state).toBe("ready");
  const reserved = [...world.living.values()].filter((each) => each.reserved).map(({ address }) => address);
  for (const address of reserved) {
    const ref = refTo.reservation("default", parseAddress(address));
    expect((await world.store.read({ refs: [ref] }, soon())).get(ref)?.record.owner.kind).toBe("StatefulSet");
  }
}

const runs = Number(process.env.RUNS ?? 150);

test("K60: a store that nobody throws back stops nobody, whoever dies", async () => {
  const quiet = step.filter(({ kind }) => !DISASTERS.includes(kind));
  const steps = fc.array(quiet, { maxLength: 40, size: "max" });
  await fc.assert(fc.asyncProperty(kinds, steps, fc.boolean(), play), { numRuns: runs });
}, 120_000);

test("K61: whoever can notice stops all", async () => {
  const steps = fc.array(step, { maxLength: 40, size: "max" });
  await fc.assert(fc.asyncProperty(kinds, steps, fc.boolean(), play), { numRuns: runs });
}, 120_000);
