import { expect, test } from "bun:test";
import { livingOf } from "../journal-entry.ts";
import { add, allocations, createWorld, named } from "../testing/world.ts";
import { writeLiving } from "./write-living.ts";

const soon = () => ({ deadline: performance.now() + 10_000 });

test("K40 what another machine of this node's name has under the same container name is a conflict, not an own earlier life", async () => {
  const world = createWorld();
  const [a, b] = [world.ports(world.node("n1")), world.ports(world.node("n1", "other-kernel"))];
  const lost = createWorld();
  await add({ ...b, store: lost.store }, "c1", { wish: named("10.1.2.9") });
  await add(a, "c1");
  const [entry] = b.node.journal.list();
  if (entry === undefined) throw new Error("the journal is empty");
  const written = await writeLiving(livingOf(entry), b, soon());
  expect(written).toMatchObject([{ address: "10.1.2.9", heldBy: expect.stringContaining("container c1") }]);
  expect(await allocations(a)).toEqual(new Map([["10.1.2.2", ["c1"]]]));
  expect(await writeLiving(livingOf(entry), { ...b, store: createWorld().store }, soon())).toBe("written");
});
