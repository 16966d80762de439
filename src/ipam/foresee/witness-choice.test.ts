import { expect, test } from "bun:test";
import { refKey } from "../ref-key.ts";
import { refTo } from "../ref-to.ts";
import { add, attachment, createWorld, del } from "../testing/world.ts";
import { WarmForesight } from "./warm-foresight.ts";
import { WitnessChoice } from "./witness-choice.ts";

/** Which holding an agent's ADDs guard, on a store that tells of no connections. */

/** Keys of what the last transaction has guarded. */
function guarded({ commits }: ReturnType<typeof createWorld>["store"]): string[] {
  return commits.at(-1)?.guards.map(({ ref }) => refKey(ref)) ?? [];
}

interface W {
  readonly id: string;
}

test("K288: the newest that is not young, the same one for a while, and no other than one that lives", () => {
  let now = 0;
  const choice = new WitnessChoice(() => now);
  const newestFirst = ["c", "b", "a"];
  const living = new Set(newestFirst);
  const chosen = () =>
    choice.of<W>(
      "default",
      (isYoung) => {
        const id = newestFirst.find((each) => living.has(each) && !isYoung(each));
        return id === undefined ? undefined : { id };
      },
      ({ id }) => living.has(id),
    )?.id;
  choice.delivered("b");
  now = 300;
  choice.delivered("c");
  expect(chosen()).toBe("a");
  now = 510;
  // "b" is old enough, but ADDs share "a" for a moment.
  expect(chosen()).toBe("a");
  now = 560;
  expect(chosen()).toBe("b");
  living.delete("b");
  expect(chosen()).toBe("a");
  now = 900;
  expect(chosen()).toBe("c");
});

async function agent(connects: boolean) {
  let now = 0;
  const foresight = Object.assign(new WarmForesight(), { witnesses: new WitnessChoice(() => now) });
  const world = createWorld({ foresees: () => foresight, foresight: true, connects });
  const ports = world.ports(world.node("n1"));
  for (const container of ["c1", "c2", "c3"]) await add(ports, container);
  now = 10_000;
  return { ...world, ports };
}

test("K288: on a store without connections an agent's ADD without a read guards its witness, and refuses where that is lost", async () => {
  const { ports, store } = await agent(false);
  const saved = store.save();
  await add(ports, "c4");
  expect(guarded(store)).toContain(refKey(refTo.attachment("n1", attachment("c3"))));
  const without = new Map([...saved.records].filter(([key]) => !key.includes("c3")));
  store.restore({ ...saved, records: without }, { movedOn: true });
  await del(ports, "c4");
  await expect(add(ports, "c5")).rejects.toMatchObject({ name: "storeCannotWrite" });
});

test("K288: where connections tell, nothing more is guarded", async () => {
  const { ports, store } = await agent(true);
  await add(ports, "c4");
  expect(store.commits.at(-1)?.guards.filter(({ ref }) => ref.kind === "attachment").length).toBe(1);
});

test("K288: in the cluster's own store an ADD guards the witness that it has read, because it may have stood still since", async () => {
  for (const ofCluster of [true, undefined] as const) {
    const { node, ports, store } = createWorld(ofCluster ? { ofCluster } : {});
    const n1 = ports(node("n1"), undefined, "cluster");
    for (const container of ["c1", "c2"]) await add(n1, container);
    const isGuarded = guarded(store).includes(refKey(refTo.attachment("n1", attachment("c1"))));
    expect(isGuarded).toBe(ofCluster === true);
  }
});
