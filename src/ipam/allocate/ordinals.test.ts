import { expect, test } from "bun:test";
import { parseAddress } from "../../address/address.ts";
import { refTo } from "../ref-to.ts";
import { type Asked, add, createWorld, del, smallNetwork, texts } from "../testing/world.ts";

const network = smallNetwork();
const owner = { kind: "StatefulSet", namespace: "default", name: "db", uid: "u1" };
const set = [{ first: parseAddress("10.1.2.100"), last: parseAddress("10.1.2.199") }];

function ordinal(number: number, of = set): Asked {
  const pod = { namespace: "default", name: `db-${number}`, uid: `uid-${number}` };
  return { network, pod, wish: { set: of, owner: { owner, ordinal: number } } };
}

/** Nodes with foresight, and what the store is asked. */
async function counting() {
  const asked: string[] = [];
  const world = createWorld({ foresight: true });
  const { store } = world;
  const counted = new Proxy(store, {
    get: (target, key) => {
      const value = Reflect.get(target, key);
      if (key !== "read" && key !== "commit") return value;
      return (...args: never[]) => {
        asked.push(key);
        return Reflect.apply(value, target, args);
      };
    },
  });
  const portsOf = (name: string) => ({ ...world.ports(world.node(name)), store: counted });
  const node1 = portsOf("node1");
  // The first makes the network's record, the second learns.
  for (const container of ["a", "b"]) await add(node1, container, { network });
  const callsOf = async (work: () => Promise<unknown>) => {
    asked.length = 0;
    await work();
    return [...asked];
  };
  return { node1, portsOf, callsOf };
}

test("I34: of a StatefulSet's pods with a set of addresses, the first reads once and the others not at all", async () => {
  const { node1, callsOf } = await counting();
  expect(await callsOf(() => add(node1, "c0", ordinal(0)))).toEqual(["read", "commit"]);
  expect(await callsOf(() => add(node1, "c1", ordinal(1)))).toEqual(["commit"]);
});

test("I34: all of them at once need one commit each, in turns, and each gets the Nth", async () => {
  const { node1, callsOf } = await counting();
  await add(node1, "c0", ordinal(0));
  const numbers = Array.from({ length: 20 }, (_, index) => index + 1);
  const given: string[] = [];
  const calls = await callsOf(async () => {
    const all = numbers.map((number) => add(node1, `c${number}`, ordinal(number)));
    given.push(...(await Promise.all(all)).flatMap(texts));
  });
  expect(given).toEqual(numbers.map((number) => `10.1.2.${100 + number}/24`));
  expect(calls).toEqual(numbers.map(() => "commit"));
});

test("I34: made again they need one commit each, and no turn", async () => {
  const { node1, callsOf } = await counting();
  for (const number of [0, 1, 2]) await add(node1, `c${number}`, ordinal(number));
  for (const number of [0, 1, 2]) await del(node1, `c${number}`);
  const calls = await callsOf(() =>
    Promise.all([0, 1, 2].map((number) => add(node1, `d${number}`, ordinal(number)))),
  );
  expect(calls).toEqual(["commit", "commit", "commit"]);
});

test("I34: an ADD that another node was quicker than gets what it needs with the lost commit", async () => {
  const { node1, portsOf, callsOf } = await counting();
  const node2 = portsOf("node2");
  await add(node1, "c0", ordinal(0));
  await add(node2, "d1", ordinal(1));
  expect(await callsOf(() => add(node1, "c2", ordinal(2)))).toEqual(["commit", "commit"]);
});

test("K235: a pod has its own place again although its set was another one meanwhile, on another node", async () => {
  const { node1, portsOf } = await counting();
  const node2 = portsOf("node2");
  const later = [{ first: parseAddress("10.1.2.101"), last: parseAddress("10.1.2.199") }];
  await add(node1, "c1", ordinal(1));
  await del(node1, "c1");
  expect(texts(await add(node2, "d0", ordinal(0, later)))).toEqual(["10.1.2.101/24"]);
  await del(node2, "d0");
  expect(texts(await add(node1, "c2", ordinal(1)))).toEqual(["10.1.2.101/24"]);
  expect(texts(await add(node2, "d1", ordinal(0)))).toEqual(["10.1.2.100/24"]);
  const refs = [
    refTo.owner("default", owner),
    refTo.reservation("default", parseAddress("10.1.2.101")),
  ] as const;
  const { get } = await node1.store.read({ refs }, { deadline: performance.now() + 5_000 });
  expect(get(refs[0])?.record.places?.["10.1.2.101"]?.slot).toBe("1");
  expect(get(refs[1])?.record.retain).toBe("workload");
});
