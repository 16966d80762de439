import { describe, expect, test } from "bun:test";
import { type Address, parseAddress } from "../../address/address.ts";
import type { IpamError } from "../errors.ts";
import type { Ports } from "../ports.ts";
import type { Owner, Ref, Retention } from "../records.ts";
import {
  add,
  allocations,
  createWorld,
  del,
  named,
  network as networkOf,
  smallNetwork,
  texts,
} from "../testing/world.ts";
import type { Wish } from "../wish.ts";

function world() {
  const made = createWorld();
  const node = made.node("node1");
  return { ...made, node, ports: made.ports(node) };
}

const statefulSet: Owner = { kind: "StatefulSet", namespace: "team-a", name: "db", uid: "uid-of-db" };
const deployment: Owner = { kind: "Deployment", namespace: "team-a", name: "web", uid: "uid-of-web" };
const pod = (name: string, namespace = "team-a") => ({ namespace, name, uid: `uid-${name}` });

function of(owner: Owner, wish: Partial<Wish>, ordinal?: number): Partial<Wish> {
  return { ...wish, owner: { owner, ...(ordinal !== undefined && { ordinal }) } };
}

async function read<R extends Ref>(ports: Ports, ref: R) {
  return (await ports.store.read({ refs: [ref] }, { deadline: performance.now() + 1000 })).get(ref)?.record;
}

const reservation = (text: string) =>
  ({ kind: "reservation", space: "default", address: parseAddress(text) }) as const;

async function codeOf(promise: Promise<unknown>): Promise<number> {
  return promise.then(
    () => 0,
    (failure: IpamError) => failure.code,
  );
}

describe("a fixed address is reserved for its owner", () => {
  test("and no dynamic pod gets it while the owner's pod is away", async () => {
    const { ports } = world();
    const network = smallNetwork(3);
    await add(ports, "db", { network, pod: pod("db-0"), wish: of(statefulSet, named("10.1.2.2")) });
    await del(ports, "db");
    expect(texts(await add(ports, "c1", { network, pod: pod("x") }))).toEqual(["10.1.2.3/24"]);
    expect(await codeOf(add(ports, "c2", { network, pod: pod("y") }))).toBe(100);
    expect(
      texts(await add(ports, "db2", { network, pod: pod("db-0"), wish: of(statefulSet, named("10.1.2.2")) })),
    ).toEqual(["10.1.2.2/24"]);
  });

  test("another team is refused, naming the owner; the same team may pass it on", async () => {
    const { ports } = world();
    await add(ports, "db", { pod: pod("db-0"), wish: of(statefulSet, named("10.1.2.9")) });
    await del(ports, "db");
    const other: Owner = { kind: "Deployment", namespace: "team-b", name: "thief" };
    const failure = await add(ports, "t", {
      pod: pod("t", "team-b"),
      wish: of(other, named("10.1.2.9")),
    }).catch((e) => e);
    expect(failure.code).toBe(101);
    expect(failure.message).toBe("address 10.1.2.9 is reserved for StatefulSet team-a/db");
    await add(ports, "w", { pod: pod("w"), wish: of(deployment, named("10.1.2.9")) });
    expect((await read(ports, reservation("10.1.2.9")))?.owner).toEqual(deployment);
    const owner = await read(ports, { kind: "owner", space: "default", owner: statefulSet });
    expect(owner).toBeUndefined();
  });

  test.each([
    ["workload", true],
    ["keep", true],
    ["delete", false],
  ] as [Retention, boolean][])("retain: %s after DEL: reserved is %p", async (retain, reserved) => {
    const { ports } = world();
    await add(ports, "db", { pod: pod("db-0"), wish: { ...of(statefulSet, named("10.1.2.9")), retain } });
    await del(ports, "db");
    expect((await read(ports, reservation("10.1.2.9"))) !== undefined).toBe(reserved);
    const owner = await read(ports, { kind: "owner", space: "default", owner: statefulSet });
    expect(owner?.addresses).toEqual(reserved ? ["10.1.2.9"] : undefined);
  });
});

describe("sticky", () => {
  test("a StatefulSet's pod keeps its ordinal's address", async () => {
    const { ports } = world();
    const wish = (ordinal: number) => of(statefulSet, { sticky: true }, ordinal);
    const first = texts(await add(ports, "a0", { pod: pod("db-0"), wish: wish(0) }));
    const second = texts(await add(ports, "a1", { pod: pod("db-1"), wish: wish(1) }));
    await del(ports, "a0");
    await del(ports, "a1");
    await add(ports, "x", { pod: pod("x") });
    expect(texts(await add(ports, "b1", { pod: pod("db-1"), wish: wish(1) }))).toEqual(second);
    expect(texts(await add(ports, "b0", { pod: pod("db-0"), wish: wish(0) }))).toEqual(first);
  });

  test("a Deployment's pods keep the workload's set; scaling up adds to it", async () => {
    const { ports } = world();
    const wish = of(deployment, { sticky: true });
    const set = new Set<string>();
    for (const name of ["a", "b"]) set.add(texts(await add(ports, name, { pod: pod(name), wish }))[0] ?? "");
    for (const name of ["a", "b"]) await del(ports, name);
    await add(ports, "other", { pod: pod("other") });
    for (const name of ["c", "d"]) {
      const got = texts(await add(ports, name, { pod: pod(name), wish }))[0] ?? "";
      expect(set.has(got)).toBe(true);
    }
    const third = texts(await add(ports, "e", { pod: pod("e"), wish }))[0] ?? "";
    expect(set.has(third)).toBe(false);
    const owner = await read(ports, { kind: "owner", space: "default", owner: deployment });
    expect(owner?.addresses).toHaveLength(3);
  });
});

test("GUARDED: what an owner gets while a DEL ends its reservation stays in its record", async () => {
  const { ports } = world();
  const ref = { kind: "owner", space: "default", owner: statefulSet } as const;
  await add(ports, "db", {
    pod: pod("db-0"),
    wish: of(statefulSet, { ...named("10.1.2.5"), retain: "delete" }),
  });
  let late = false;
  const commit: typeof ports.store.commit = async (transaction, options) => {
    const record = late ? undefined : await read(ports, ref);
    late = true;
    const addresses = ["10.1.2.5", "10.1.2.40"];
    if (record)
      await ports.store.commit(
        { guards: [], puts: [{ ref, record: { ...record, addresses } }], deletes: [] },
        options,
      );
    return ports.store.commit(transaction, options);
  };
  await del({ ...ports, store: { ...ports.store, commit } }, "db");
  expect((await read(ports, ref))?.addresses).toEqual(["10.1.2.40"]);
});

test("retain: delete ends the automatic reservation, never an operator's", async () => {
  for (const [kind, left] of [
    ["automatic", undefined],
    ["operator", "operator"],
  ] as const) {
    const { ports, store } = world();
    const wish = of(statefulSet, { ...named("10.1.2.5"), retain: "delete" });
    await add(ports, "db", { pod: pod("db-0"), wish });
    const ref = reservation("10.1.2.5");
    const record = await read(ports, ref);
    if (record === undefined) throw new Error("expected a reservation");
    await store.commit(
      { guards: [], puts: [{ ref, record: { ...record, kind } }], deletes: [] },
      { deadline: performance.now() + 1000 },
    );
    await del(ports, "db");
    expect((await read(ports, ref))?.kind).toBe(left as never);
  }
});

test("a sticky Deployment's address that was excluded meanwhile is not given out again", async () => {
  const { ports } = world();
  const network = smallNetwork(9);
  const ask = (name: string, exclude: { first: Address; last: Address }[] = []) =>
    add(ports, name, {
      network: { ...network, exclude },
      pod: pod(name),
      wish: of(deployment, { sticky: true }),
    });
  const [given = ""] = texts(await ask("web-1"));
  await del(ports, "web-1");
  const address = parseAddress(given.replace("/24", ""));
  expect(texts(await ask("web-2", [{ first: address, last: address }]))).not.toEqual([given]);
});

describe("sets (kube-ipam.ips)", () => {
  test("of which nothing may be given are refused with the reason", async () => {
    const { ports } = world();
    for (const [text, reason] of [
      ["10.1.2.1", "it is the subnet's gateway"],
      ["10.1.2.255", "it is the broadcast address"],
    ] as const) {
      const set = [{ first: parseAddress(text), last: parseAddress(text) }];
      const asked = add(ports, "c1", { pod: pod("web-1"), wish: of(deployment, { set }) });
      await expect(asked).rejects.toMatchObject({ code: 102, message: expect.stringContaining(reason) });
    }
  });

  const set = [{ first: parseAddress("10.1.2.20"), last: parseAddress("10.1.2.21") }];

  test("of one family leave the other family's address to the pool", async () => {
    const { ports } = world();
    const six = { subnet: "fd00:1:2::/64", first: "fd00:1:2::2", last: "fd00:1:2::ff" };
    const [four] = smallNetwork().sets;
    const dual = { ...smallNetwork(), sets: [...(four ? [four] : []), ...networkOf("n", [six]).sets] };
    const asked = { network: dual, pod: pod("web-1"), wish: of(deployment, { set }) };
    expect(texts(await add(ports, "a", asked))).toEqual(["10.1.2.20/24", "fd00:1:2::2/64"]);
  });

  test("an ordinal that the StatefulSet does not have takes none, and a sticky one no other's", async () => {
    const { ports } = world();
    const wish = (of_: Partial<Wish>, ordinal: number) => of(statefulSet, of_, ordinal);
    const refused = await add(ports, "a", { pod: pod("db-4"), wish: wish({ set }, -1) }).catch((e) => e);
    expect(`${refused.code} ${refused.message}`).toBe(
      "102 kube-ipam.ips has no address for pod team-a/db-4 in network 'net1'",
    );
    const first = texts(await add(ports, "b", { pod: pod("db-5"), wish: wish({ sticky: true }, 0) }));
    await del(ports, "b");
    expect(texts(await add(ports, "c", { pod: pod("db-4"), wish: wish({ sticky: true }, -1) }))).not.toEqual(
      first,
    );
    expect(texts(await add(ports, "d", { pod: pod("db-5"), wish: wish({ sticky: true }, 0) }))).toEqual(
      first,
    );
  });

  test("ordinal N takes the Nth, and there is none for one more", async () => {
    const { ports } = world();
    const wish = (ordinal: number) => of(statefulSet, { set }, ordinal);
    expect(texts(await add(ports, "a1", { pod: pod("db-1"), wish: wish(1) }))).toEqual(["10.1.2.21/24"]);
    expect(texts(await add(ports, "a0", { pod: pod("db-0"), wish: wish(0) }))).toEqual(["10.1.2.20/24"]);
    expect(await codeOf(add(ports, "a2", { pod: pod("db-2"), wish: wish(2) }))).toBe(102);
  });

  test("a Deployment's pods share it; never an address from outside", async () => {
    const { ports } = world();
    const wish = of(deployment, { set });
    const [first] = texts(await add(ports, "a", { pod: pod("a"), wish }));
    const [second] = texts(await add(ports, "b", { pod: pod("b"), wish }));
    expect([first, second].sort()).toEqual(["10.1.2.20/24", "10.1.2.21/24"]);
    expect(await codeOf(add(ports, "c", { pod: pod("c"), wish }))).toBe(11);
    expect((await allocations(ports)).size).toBe(2);
    await del(ports, "a");
    expect(texts(await add(ports, "d", { pod: pod("d"), wish }))).toEqual([first ?? ""]);
  });

  test("when all are held, one whose namespace is gone is handed over", async () => {
    const { node, ports } = world();
    const wish = of(deployment, { set });
    await add(ports, "a", { pod: pod("a"), wish });
    const [second] = texts(await add(ports, "b", { pod: pod("b"), wish }));
    node.removeNamespace("/run/netns/b");
    expect(texts(await add(ports, "c", { pod: pod("c"), wish }))).toEqual([second ?? ""]);
  });
});
