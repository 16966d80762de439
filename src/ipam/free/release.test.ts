import { expect, test } from "bun:test";
import { refTo } from "../ref-to.ts";
import { add, allocations, attachment, createWorld, del } from "../testing/world.ts";

test("K44 a DEL finds what the node held under an earlier name, and nothing of another machine of that name", async () => {
  const world = createWorld();
  const [node, other] = [world.node("old"), world.node("old", "other-kernel")];
  const [ports, others] = [world.ports(node), world.ports(other)];
  await add(ports, "c1");
  await add(others, "c2");
  node.rename("new");
  for (const { holder } of node.journal.list()) node.journal.remove(holder.attachment);
  await del(ports, "c1");
  await del(ports, "c2");
  expect([...(await allocations(ports)).values()]).toEqual([["c2"]]);
});

test("K40 what one machine frees of another one of its name leaves a notice: its own node knows that nothing was lost", async () => {
  const world = createWorld();
  const [ports, others] = [world.ports(world.node("n1")), world.ports(world.node("n1", "other-kernel"))];
  await add(ports, "c1");
  await del(others, "c1");
  const notice = refTo.released("n1", attachment("c1"));
  const read = () => ports.store.read({ refs: [notice] }, { deadline: performance.now() + 1000 });
  expect((await read()).get(notice)?.record.requestId).toBe(ports.node.journal.list()[0]?.holder.requestId);
});
