import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { add, named } from "../ipam/testing/world.ts";
import { useScratch } from "../node/test-kit/scratch.ts";
import type { SavedMemory } from "../store/memory/memory-store.ts";
import { startQuietAgent } from "./testing/quiet-agent.ts";

/**
 * An agent that goes by what its watch tells, beside one that looks each round: whatever happens to the store,
 * they stop it in the same round, or neither does. The revision alone is no evidence here: the one has seen those
 * of the last half minute, and the other all.
 */

const scratch = useScratch();

type Step =
  | { readonly kind: "round" | "epoch" | "cut" | "other" | "own" | "save" }
  | { readonly kind: "restore"; readonly which: number; readonly lineage: string };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("round" as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom("epoch", "epoch", "epoch", "cut", "other", "own", "save") }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("restore" as const),
      which: fc.nat(),
      lineage: fc.constantFrom("a", "a", "b"),
    }),
  },
);

/** After each round, whether the store is stopped. */
async function run(steps: readonly Step[], watches: boolean): Promise<(string | undefined)[]> {
  const agent = await startQuietAgent({ folder: scratch(), watches, raises: false });
  const { identity, n1, n2, store } = agent;
  const saved: SavedMemory[] = [store.save()];
  const states: (string | undefined)[] = [];
  let count = 0;
  // A node that is refused has nothing to say here.
  const tryAdd = (ports: typeof n1) =>
    add(ports, `n${count}`, { wish: named(`10.1.2.${20 + count}`) }).catch(() => undefined);
  const told = async (change: () => void) => {
    const news = identity?.news;
    change();
    while (identity !== undefined && (identity.news === news || !identity.stands)) await Bun.sleep(1);
  };
  try {
    for (const each of [...steps, { kind: "round" } as const]) {
      count += 1;
      if (each.kind === "epoch") await agent.raiseEpoch();
      if (each.kind === "cut") await told(() => store.disconnect());
      if (each.kind === "other") await tryAdd(n2);
      if (each.kind === "own") await tryAdd(n1);
      if (each.kind === "save") saved.push(store.save());
      if (each.kind === "restore") {
        const { lineage, which } = each;
        const to = saved[which % saved.length];
        if (to !== undefined) await told(() => store.restore(to, { movedOn: true, lineage }));
      }
      if (each.kind !== "round") continue;
      await agent.round();
      states.push((await agent.stored())?.record.state);
    }
  } finally {
    agent.stop();
  }
  return states;
}

test("K192: an agent that is told looks late at nothing that one that always looks would see", async () => {
  const property = fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async (steps) => {
    expect(await run(steps, true)).toEqual(await run(steps, false));
  });
  await fc.assert(property, { numRuns: 60, endOnFailure: true });
}, 30_000);
