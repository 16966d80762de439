import { expect, test } from "bun:test";
import type { ListScope } from "../../ipam/store-port.ts";
import { podFacts } from "../../ipam/testing/hand-over.ts";
import { add, createWorld } from "../../ipam/testing/world.ts";
import { heldBy } from "./held.ts";

test("K207: of a pod that Kubernetes knows, its node's attachments are read; all records only where that has none", async () => {
  const made = createWorld();
  const nodes = [made.node("n1"), made.node("n2")] as const;
  const [first, second] = [made.ports(nodes[0]), made.ports(nodes[1])];
  for (let n = 0; n < 20; n++) {
    const pod = { namespace: "team", name: `p${n}`, uid: `u${n}` };
    await add(n < 3 ? first : second, `c${n}`, { pod });
  }
  let rows = 0;
  const store = {
    ...made.store,
    list: async function* (scope: ListScope, options: Parameters<typeof made.store.list>[1]) {
      for await (const entry of made.store.list(scope, options)) {
        rows += 1;
        yield entry;
      }
    } as typeof made.store.list,
  };
  const context = { ports: { ...first, store }, options: { deadline: performance.now() + 10_000 } };
  const held = async (name: string, nodeName?: string) => {
    rows = 0;
    const id = { namespace: "team", name, uid: name.replace("p", "u") };
    const live = nodeName === undefined ? undefined : podFacts({ ...id, nodeName });
    return [(await heldBy(id, live, context)).map(({ holder }) => holder.attachment.container), rows];
  };
  expect(await held("p1", "n1")).toEqual([["c1"], 3]);
  expect(await held("p1", "called otherwise")).toEqual([["c1"], 20]);
  expect(await held("p1")).toEqual([["c1"], 20]);
});
