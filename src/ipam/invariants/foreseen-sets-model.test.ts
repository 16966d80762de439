import { expect, test } from "bun:test";
import fc from "fast-check";
import { formatAddress, parseAddress } from "../../address/address.ts";
import { parseInterval } from "../../address/interval-text.ts";
import { audit } from "../audit/audit.ts";
import { FakeCluster } from "../testing/fake-cluster.ts";
import { podFacts } from "../testing/hand-over.ts";
import { readRecords } from "../testing/read-records.ts";
import { add, createWorld, del, network, texts } from "../testing/world.ts";
import type { Wish } from "../wish.ts";

/** What two nodes that remember and foresee give, and leave in the store, is what nodes do that read each time. */

const CLUSTER = "cluster-1";
/** What is named lies outside what is given to whoever names nothing. */
const NETWORK = network("net1", [
  { subnet: "10.1.2.0/24", first: "10.1.2.200", last: "10.1.2.254", gateway: "10.1.2.1" },
]);
const set = (first: number, last: number): Partial<Wish> => ({
  set: [parseInterval(`10.1.2.${first}-10.1.2.${last}`)],
});
const WISHES: readonly Partial<Wish>[] = [
  set(20, 22),
  set(21, 23),
  { ...set(20, 22), sticky: true },
  { fixed: [{ address: parseAddress("10.1.2.21"), source: "kube-ipam.ip" }] },
  { ...set(20, 22), retain: "delete" },
  { ...set(20, 22), retain: "keep" },
  {},
];

const step = fc.record({
  what: fc.constantFrom("add", "add", "add", "end", "all"),
  node: fc.constantFrom("node1", "node2"),
  workload: fc.constantFrom("db", "db", "web"),
  index: fc.nat(2),
  start: fc.constantFrom(0, 0, 0, 1),
  wish: fc.nat(WISHES.length - 1),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const AT: Step = { what: "all", node: "node1", workload: "db", index: 1, start: 0, wish: 0 };
/** A place of one node's memory is another pod's for a while. */
const SHIFTED: Step[] = [AT, { ...AT, what: "add", start: 1, wish: 1 }, AT];

async function play(foresight: boolean | "guessing", steps: readonly Step[]) {
  const { node, ports, store } = createWorld({ foresight, seed: 3 });
  const cluster = new FakeCluster(CLUSTER);
  const nodes = {
    node1: ports(node("node1"), cluster, CLUSTER),
    node2: ports(node("node2"), cluster, CLUSTER),
  };
  const alive = new Map<string, { container: string; node: keyof typeof nodes }>();
  let containers = 0;
  const end = async (name: string) => {
    const known = alive.get(name);
    alive.delete(name);
    cluster.pods.delete(`default/${name}`);
    if (known !== undefined) await del(nodes[known.node], known.container);
  };
  const begin = async (of: Step) => {
    const name = `${of.workload}-${of.index}`;
    await end(name);
    const on = of.node;
    const container = `c${containers++}`;
    const uid = `uid-${container}`;
    const owner = { kind: "StatefulSet", namespace: "default", name: of.workload, uid: `uid-${of.workload}` };
    const facts = { owner, ordinal: of.index - of.start };
    const pod = podFacts({ name, uid, nodeName: on });
    cluster.addPod(pod, facts);
    const wish = WISHES[of.wish] ?? {};
    const lasts = Object.keys(wish).length > 0;
    const asked = { network: NETWORK, seconds: 10, pod: { namespace: "default", name, uid } };
    try {
      const given = texts(
        await add(nodes[on], container, { ...asked, wish: { ...wish, pod, ...(lasts && { owner: facts }) } }),
      );
      alive.set(name, { container, node: on });
      return lasts ? given : [];
    } catch (failure) {
      cluster.pods.delete(`default/${name}`);
      return (failure as Error).name;
    }
  };
  const given: unknown[] = [];
  for (const each of steps) {
    if (each.what === "add") given.push(await begin(each));
    else if (each.what === "end") await end(`${each.workload}-${each.index}`);
    else {
      for (const index of [0, 1, 2]) await end(`${each.workload}-${index}`);
      // A workload that starts as a whole, over both nodes.
      const all = [0, 1, 2].map(
        (index): Step => ({
          ...each,
          index,
          node: index === 1 ? "node2" : "node1",
          start: 0,
          wish: 0,
        }),
      );
      given.push(await Promise.all(all.map(begin)));
    }
  }
  const records = await readRecords(store, { deadline: performance.now() + 5_000 });
  return {
    given,
    reservations: records.reservations.map(
      ({ ref, record }) => `${formatAddress(ref.address)} ${record.owner.name} ${record.retain}`,
    ),
    owners: records.owners.map(({ record: { addresses, owner, places } }) => ({
      name: owner.name,
      addresses: addresses.toSorted(),
      slots: Object.entries(places ?? {})
        .map(([address, { slot }]) => `${address} ${slot}`)
        .sort(),
    })),
    findings: audit({ records }).findings.filter(({ reason }) => reason.startsWith("owner")),
  };
}

test("K235: whatever becomes of sets, ordinals and nodes, who foresees gives and leaves what who reads does", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 2, maxLength: 12 }),
      fc.constantFrom<true | "guessing">(true, "guessing"),
      async (steps, foresight) => {
        const read = await play(false, steps);
        expect(await play(foresight, steps)).toEqual(read);
        expect(read.findings).toEqual([]);
      },
    ),
    { numRuns: 60, examples: [[SHIFTED, true]] },
  );
}, 60_000);
