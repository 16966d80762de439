import { describe, expect, test } from "bun:test";
import { refTo } from "../ref-to.ts";
import { add, createWorld } from "../testing/world.ts";
import { lookAtStore } from "./look.ts";
import { withdrawSuspicion } from "./thrown-back.ts";
import { vouchForStore } from "./vouch.ts";

/** ONE-STORE without an ADD: what a quiet node remembers, and what it sees when it looks. */

const soon = () => ({ deadline: performance.now() + 10_000 });

async function world() {
  const made = createWorld({ connects: true, lineage: "a" });
  const nodes = [made.node("n1"), made.node("n2")] as const;
  const [n1, n2] = [made.ports(nodes[0]), made.ports(nodes[1])];
  await add(n1, "c1");
  await add(n2, "c2");
  const meta = async () => (await made.store.read({ refs: [refTo.meta] }, soon())).get(refTo.meta)?.record;
  const look = (ports: typeof n1) =>
    lookAtStore(ports, soon()).then(
      (found) => found?.state,
      (failure) => `${failure.message}; ${failure.details}`,
    );
  return { ...made, nodes, n1, n2, meta, look };
}

describe("the epoch", () => {
  test("K60: rises by whichever node finds that nobody has raised it, and never twice for one look", async () => {
    const { n1, n2, nodes, meta, look } = await world();
    const epochs: (number | undefined)[] = [];
    for (const [node, ports] of [
      [0, n1],
      [1, n2],
      [0, n1],
      [1, n2],
      [0, n1],
    ] as const) {
      nodes[node].waitLong();
      await look(ports);
      epochs.push((await meta())?.epoch);
    }
    // n1 sees it for the first time, and so does n2; then n1 finds that nobody raised it, and n2 that n1 did.
    expect(epochs).toEqual([undefined, undefined, 1, 1, 2]);
  });

  test("K61: one that fell stops all, where the revision was moved on and the node holds nothing", async () => {
    const { n1, n2, nodes, store, look } = await world();
    const saved = store.save();
    for (let time = 0; time < 2; time++) {
      nodes[0].waitLong();
      await look(n1);
    }
    await look(n2);
    store.restore(saved, { movedOn: true });
    expect(await look(n2)).toContain("it was at epoch 1 and is now at 0");
    expect(await look(n1)).toBe("suspect");
  });
});

test("K61: a lower revision, and another lineage, stop all", async () => {
  for (const lineage of ["a", "b"]) {
    const { n1, store, meta, look } = await world();
    const saved = store.save();
    await look(n1);
    store.restore(saved, { movedOn: lineage === "b", lineage });
    if (lineage === "a") store.restore({ ...saved, revision: 1 });
    expect(await look(n1)).toContain(lineage === "b" ? "was a and is now b" : "is now at 1,");
    expect((await meta())?.suspicion).toMatchObject({ node: "n1" });
  }
});

test("K61: an emptied store is stopped at its own place, and not where the node was led elsewhere", async () => {
  for (const [lineage, state] of [
    ["a", "suspect"],
    ["b", undefined],
  ] as const) {
    const { n1, store, meta, look } = await world();
    store.restore({ revision: 1, records: new Map() }, { movedOn: true, lineage });
    await look(n1);
    expect((await meta())?.state).toBe(state);
  }
});

test("K298: a store in the cluster itself that was emptied is stopped where the cluster is the same one", async () => {
  for (const [now, state] of [
    ["cluster", "suspect"],
    ["another", undefined],
  ] as const) {
    const { node, ports, store } = createWorld({ ofCluster: true });
    const [n1, n2] = [node("n1"), node("n2")];
    await add(ports(n1, undefined, "cluster"), "c1");
    store.restore({ revision: 1, records: new Map() }, { movedOn: true });
    const found = await lookAtStore(ports(n1, undefined, now), soon()).catch((failure) => failure.details);
    expect(found).toEqual(
      state &&
        expect.stringContaining("somebody replaced or emptied the store, and it would give out addresses"),
    );
    // A node that has never used it begins no new one there.
    const next = await add(ports(n2, undefined, now), "c2").catch((failure) => failure.message);
    if (state === undefined) expect(next).not.toBeString();
    else expect(next).toContain("node n1 has stopped all nodes");
  }
});

test("K61: a node that lost dataDir looks at what it noted", async () => {
  const { n1, nodes, store, look } = await world();
  const saved = store.save();
  await add(n1, "c3");
  store.restore(saved, { movedOn: true });
  nodes[0].loseDisk();
  expect(await look(n1)).toContain("has lost what it held");
});

describe("an operator vouches for the store", () => {
  async function vouched() {
    const at = await world();
    const saved = at.store.save();
    await add(at.n1, "c3");
    const before = at.store.save();
    at.store.restore(saved);
    await at.look(at.n1);
    expect(await withdrawSuspicion(at.n2, soon())).toBe("n1");
    await vouchForStore(["default"], at.n1, soon());
    expect(await withdrawSuspicion(at.n1, soon())).toBeUndefined();
    return { ...at, before };
  }

  test("K60: what the store lacked proves nothing any more, and the node uses the store", async () => {
    const { n1, look } = await vouched();
    expect(await look(n1)).toBe("ready");
    await add(n1, "c4");
    expect(await look(n1)).toBe("ready");
  });

  test("K61: what it had still does", async () => {
    const { n1, nodes, store, look } = await vouched();
    const records = new Map([...store.save().records].filter(([key]) => !key.includes("c1")));
    nodes[0].waitLong();
    store.restore({ revision: store.save().revision, records }, { movedOn: true });
    expect(await look(n1)).toContain("10.1.2.2 of interface eth0 of container c1");
  });
});

test("an identity that a newer program wrote stays as it is", async () => {
  const { n1, nodes, store, meta, look } = await world();
  const newer = { version: 99, uuid: (await meta())?.uuid ?? "", state: "ready", later: true } as const;
  await store.commit({ guards: [], puts: [{ ref: refTo.meta, record: newer }], deletes: [] }, soon());
  for (let time = 0; time < 3; time++) {
    nodes[0].waitLong();
    await look(n1);
  }
  expect(await meta()).toEqual(newer);
  const suspect = { ...newer, state: "suspect" } as const;
  await store.commit({ guards: [], puts: [{ ref: refTo.meta, record: suspect }], deletes: [] }, soon());
  await expect(withdrawSuspicion(n1, soon())).rejects.toMatchObject({ code: 106 });
  expect(await meta()).toEqual(suspect);
});
