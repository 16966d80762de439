import { expect, test } from "bun:test";
import { refTo } from "../ref-to.ts";
import { add, allocations, attachment, createWorld, del, named } from "../testing/world.ts";
import { lookAtStore } from "./look.ts";

/** ONE-STORE on a store whose quick reads tell no more than a lower bound of its revision. */

const soon = () => ({ deadline: performance.now() + 10_000 });

/** A node that has seen a higher revision than its store has, and of whose holdings nothing is missing. */
async function world() {
  const made = createWorld({ bounds: true });
  const node = made.node("n1");
  const ports = made.ports(node);
  await add(ports, "c1", { wish: named("10.1.2.7") });
  const saved = made.store.save();
  for (const container of ["c2", "c3", "c4"]) {
    await add(ports, container);
    await del(ports, container);
  }
  made.store.restore(saved);
  const state = async () =>
    (await made.store.read({ refs: [refTo.meta] }, soon())).get(refTo.meta)?.record.state;
  const held = async () => Object.fromEntries(await allocations(ports));
  return { ...made, ports, state, held };
}

function refusal(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "",
    ({ code, details }) => `${code} ${details}`,
  );
}

const OLDER = /^106 it was at revision \d+ and is now at \d+, as after a restored backup/;

test("K61: an ADD that lists nothing finds by its own write that the store is older, and takes it back", async () => {
  const { held, ports, state } = await world();
  expect(await refusal(add(ports, "c5", { wish: named("10.1.2.9") }))).toMatch(OLDER);
  expect(await state()).toBe("suspect");
  expect(await held()).toEqual({ "10.1.2.7": ["c1"] });
});

test("K61: so does one that lists", async () => {
  const { ports, state } = await world();
  expect(await refusal(add(ports, "c5"))).toMatch(OLDER);
  expect(await state()).toBe("suspect");
});

test("K61: so does one that is repeated", async () => {
  const { held, ports, state } = await world();
  expect(await refusal(add(ports, "c1", { wish: named("10.1.2.7") }))).toMatch(OLDER);
  expect(await state()).toBe("suspect");
  expect(await held()).toEqual({ "10.1.2.7": ["c1"] });
});

test("K61: a DEL frees, tells once that the store is older, and the runtime's next one succeeds", async () => {
  const { held, ports, state } = await world();
  expect(await refusal(del(ports, "c1"))).toMatch(OLDER);
  expect(await state()).toBe("suspect");
  expect(await held()).toEqual({});
  await del(ports, "c1");
  expect(ports.node.keptReleases.of(attachment("c1"))).toBeUndefined();
});

test("K61: what writes nothing leaves it to the next look, which needs the revision itself", async () => {
  const { ports, state } = await world();
  expect(await refusal(add(ports, "c5", { wish: named("10.1.2.7") }))).toMatch(/^101 /);
  expect(await state()).toBe("ready");
  expect(await refusal(lookAtStore(ports, soon()))).toMatch(OLDER);
  expect(await state()).toBe("suspect");
});
