import { expect, test } from "bun:test";
import { describeKubernetes } from "../../store/kubernetes/describe.ts";
import { storeOf } from "../../store/kubernetes/open.ts";
import {
  type Carry,
  MemoryServer,
  noAnswer,
  objectsIn,
} from "../../store/kubernetes/testing/memory-server.ts";
import { reclaim } from "../free/reclaim.ts";
import { release } from "../free/release.ts";
import type { Ports } from "../ports.ts";
import { FakeNode } from "../testing/fake-node.ts";
import { seededRandom } from "../testing/seeded-random.ts";
import { add, allocations, attachment, del, named, texts } from "../testing/world.ts";

/** docs/behaviour.md K346: what an ADD has sent, whose process died or got no answer, comes after what ended it. */

/** What the ADD asks for, and what is to be there before. */
const WISHES = [
  { name: "any address", wish: {}, before: [] },
  { name: "an address by name", wish: named("10.1.2.9"), before: [] },
  { name: "an address by name that cools down", wish: named("10.1.2.9"), before: ["c9"] },
] as const;

const ENDS: readonly [string, (ports: Ports) => Promise<unknown>][] = [
  ["its DEL", (ports) => del(ports, "c1")],
  [
    "its node, which sees that its namespace is gone",
    (ports) => {
      (ports.node as FakeNode).removeNamespace("/run/netns/c1");
      return reclaim(ports, { records: 8, deadline: performance.now() + 5_000 });
    },
  ],
  [
    "the replay of a DEL that could not reach the store",
    async (ports) => {
      const away = portsOf(new MemoryServer(), ports.node as FakeNode, () =>
        Promise.reject(noAnswer("unavailable")),
      );
      const asked = { attachment: attachment("c1"), coolingSeconds: 60, deadline: performance.now() + 1_000 };
      expect(await release({ ...asked, acceptKept: true }, away)).toBe("kept");
      await reclaim(ports, { records: 8, deadline: performance.now() + 5_000 });
    },
  ],
];

for (const { before, name, wish } of WISHES) {
  for (const [ended, end] of ENDS)
    test(`K346: an ADD that asks for ${name}, comes after ${ended}`, async () => {
      const { arrive, ports } = await addThatIsLate(wish, before);
      await end(ports);
      arrive();
      expect([...(await allocations(ports)).values()]).toEqual([["first"]]);
      expect(ports.node.journal.read(attachment("c1"))).toBeUndefined();
    });

  test(`K346: an ADD that asks for ${name}, comes after another try of the same`, async () => {
    const { arrive, ports } = await addThatIsLate(wish, before);
    const printed = texts(await add(ports, "c1", { wish }));
    arrive();
    expect(await heldBy(ports, "c1")).toEqual(printed);
    expect(texts(await add(ports, "c1", { wish }))).toEqual(printed);
    await del(ports, "c1");
    expect([...(await allocations(ports)).values()]).toEqual([["first"]]);
  });

  test(`K346: an ADD that asks for ${name}, comes just before another try of the same`, async () => {
    const { arrive, ports } = await addThatIsLate(wish, before);
    arrive();
    const printed = texts(await add(ports, "c1", { wish }));
    expect(await heldBy(ports, "c1")).toEqual(printed);
  });
}

/** An ADD of container c1 whose write is on its way when its process is over; and the ports of the next process. */
async function addThatIsLate(wish: Partial<ReturnType<typeof named>>, before: readonly string[]) {
  const server = new MemoryServer();
  const node = new FakeNode("n1");
  const ports = portsOf(server, node);
  await add(ports, "first");
  for (const container of before) {
    await add(ports, container, { wish: named("10.1.2.9") });
    await del(ports, container);
  }
  const late: (() => unknown)[] = [];
  const carry: Carry = async (isWrite, _, call) => {
    if (isWrite) late.push(call);
    if (late.length > 0) throw noAnswer(isWrite ? "unknown-outcome" : "unavailable");
    return call();
  };
  const failure = await add(portsOf(server, node, carry), "c1", { wish }).catch((reason) => reason);
  expect(failure.kind).toBe("unavailable");
  expect(late.length).toBe(1);
  return { ports: portsOf(server, node), arrive: () => void late[0]?.() };
}

function portsOf(server: MemoryServer, node: FakeNode, carry?: Carry): Ports {
  const store = storeOf(objectsIn(server, carry), describeKubernetes({ kind: "kubernetes" }), "memory");
  return { store, node, log: () => undefined, random: seededRandom(1) };
}

async function heldBy(ports: Ports, container: string): Promise<string[]> {
  const held = [...(await allocations(ports))].filter(([, containers]) => containers.includes(container));
  return held.map(([address]) => `${address}/24`);
}
