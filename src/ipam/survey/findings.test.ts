import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseAddress } from "../../address/address.ts";
import type { Holder } from "../records.ts";
import { refTo } from "../ref-to.ts";
import type { CallOptions, Store } from "../store-port.ts";
import { allocationRef, auditedWorld, CLUSTER } from "../testing/audited.ts";
import { calledBy } from "../testing/called-by.ts";
import { FakeCluster } from "../testing/fake-cluster.ts";
import { add, del, named } from "../testing/world.ts";
import { Findings } from "./findings.ts";
import { StoreFollower } from "./follow-store.ts";
import { FollowedNodes } from "./followed-nodes.ts";
import { PodIndex } from "./pod-index.ts";
import type { StoreIndex } from "./store-index.ts";

/** Whatever happens in a cluster, the leader finds what an audit of everything finds, and reads nothing in rest. */

type World = ReturnType<typeof auditedWorld>;
type Step = (world: World, pod: string, address: string) => unknown;

const soon = (): CallOptions => ({ deadline: performance.now() + 30_000 });
/** A step may be impossible, such as one with a record that cannot be read. */
const attempt = async (work: () => unknown) => void (await (async () => work())().catch(() => undefined));

async function holderOf(world: World, address: string): Promise<Holder | undefined> {
  return (await world.read<"allocation">(allocationRef(address)))?.holders[0];
}

/** Changes what an allocation says of its first holder. */
async function rewrite(world: World, address: string, change: Partial<Holder>): Promise<void> {
  const record = await world.read<"allocation">(allocationRef(address));
  const [first, ...rest] = record?.holders ?? [];
  if (record === undefined || first === undefined) return;
  const holders = [{ ...first, ...change }, ...rest];
  await world.damage({ puts: [{ ref: allocationRef(address), record: { ...record, holders } }] });
}

const owner = (name: string) => ({ kind: "StatefulSet", namespace: "default", name, uid: `u-${name}` });

/** What happens in a cluster, and what should not. */
const STEPS: Readonly<Record<string, Step>> = {
  run: (world, pod) => world.run(pod),
  elsewhere: (world, pod) => world.run(pod, { node: "n2" }),
  again: (world, pod) => world.run(pod, { container: `c2-${pod}` }),
  owned: (world, pod, address) =>
    world.run(pod, { wish: { ...named(address), owner: { owner: owner(pod) } } }),
  bare: (world, pod) => add(world.ports.n1, `bare-${pod}`),
  end: (world, pod) => del(world.ports.n1, `c-${pod}`),
  endThere: (world, pod) => del(world.ports.n2, `c-${pod}`),
  gone: (world, pod) => world.removePod(pod),
  replaced: (world, pod) => world.setPod(pod, { uid: `other-${pod}` }),
  finished: (world, pod) => world.setPod(pod, { finished: true }),
  deleting: (world, pod) => world.setPod(pod, { deleting: true }),
  moved: (world, pod) => world.setPod(pod, { nodeName: "n2" }),
  shows: (world, pod, address) => world.setPod(pod, { podIPs: [address] }),
  wishes: (world, pod, address) => world.setPod(pod, { annotations: { "kube-ipam.ip": address } }),
  lost: (world, _, address) => world.damage({ deletes: [allocationRef(address)] }),
  unreserved: (world, _, address) =>
    world.damage({ deletes: [refTo.reservation("default", parseAddress(address))] }),
  disowned: (world, pod) => world.damage({ deletes: [refTo.owner("default", owner(pod))] }),
  otherRequest: (world, _, address) => rewrite(world, address, { requestId: "another" }),
  imported: (world, _, address) => rewrite(world, address, { requestId: "imported:x:1" }),
  unknown: (world, _, address) => rewrite(world, address, { node: "(unknown)" }),
  foreign: (world, _, address) => rewrite(world, address, { cluster: "cluster-2" }),
  noDetach: async (world, _, address) => {
    const holder = await holderOf(world, address);
    if (holder) await world.damage({ deletes: [refTo.attachment(holder.node, holder.attachment)] });
  },
  shared: async (world, _, address) => {
    const record = await world.read<"allocation">(allocationRef(address));
    const other = await holderOf(world, "10.1.2.3");
    if (record === undefined || other === undefined) return;
    const holders = [...record.holders, other];
    await world.damage({ puts: [{ ref: allocationRef(address), record: { ...record, holders } }] });
  },
  // Of no network that anybody knows.
  stray: async (world) => {
    const record = await world.read<"allocation">(allocationRef("10.1.2.2"));
    await world.damage({ puts: record === undefined ? [] : [{ ref: allocationRef("10.9.9.9"), record }] });
  },
  ruined: (world, _, address) => world.ruin(allocationRef(address)),
  repaired: (world, _, address) => world.damage({ deletes: [allocationRef(address)] }),
};

const step = fc.record({
  what: fc.constantFrom(...Object.keys(STEPS)),
  pod: fc.constantFrom("a", "b", "c", "d"),
  address: fc.constantFrom("10.1.2.2", "10.1.2.3", "10.1.2.4", "10.1.2.7", "10.9.9.9"),
});

/** A leader beside the world. Its calls are counted. */
function leaderOf(world: World) {
  const calls: string[] = [];
  const counted = <T extends "read" | "list">(name: T): Store[T] =>
    ((...parts: never[]) => {
      calls.push(name);
      return (world.store[name] as (...of: never[]) => unknown)(...parts);
    }) as Store[T];
  const store: Store = { ...world.store, read: counted("read"), list: counted("list") };
  const cluster = new FakeCluster(CLUSTER);
  const ports = { ...world.ports.n1, store, cluster, clusterNames: calledBy(CLUSTER) };
  const ending = new AbortController();
  let told = () => {};
  const follower = new StoreFollower(ports, () => told(), 1);
  const running = follower.run(ending.signal);
  const pods = new PodIndex();
  const nodes = new FollowedNodes();
  let now = 0;
  let heard = 0;
  /** The index: another one where an ADD has stopped all nodes, for then the follower begins anew. */
  const whole = async () => {
    while (follower.whole === undefined) await new Promise<void>((resolve) => (told = resolve));
    return follower.whole;
  };
  /** As the watches tell what the world is now. */
  const hear = async () => {
    for (let tries = 0; tries < 3; tries += 1) await Bun.sleep(1);
    await whole();
    const before = [...cluster.pods.values()];
    cluster.pods.clear();
    for (const pod of world.pods.values()) cluster.addPod(pod);
    // By turns as a list and as a watch tell it.
    const listed = !pods.complete || heard++ % 2 === 0;
    if (listed) pods.begin();
    else for (const pod of before) if (!world.pods.has(pod.name)) pods.remove(pod);
    for (const pod of world.pods.values()) pods.put(pod);
    if (listed) pods.end();
    nodes.see({ kind: "listing" });
    for (const node of world.nodeObjects.values()) {
      nodes.see({ kind: "present", object: node });
    }
    nodes.see({ kind: "listed" });
  };
  /** As the leader makes them: for each index anew. */
  let made: { readonly index: StoreIndex; readonly of: Findings } | undefined;
  const findings = async () => {
    const index = await whole();
    if (made?.index !== index)
      made = { index, of: new Findings({ store: index, pods, nodes }, ports, () => now) };
    return made.of;
  };
  return {
    calls: () => calls.length + cluster.calls.length,
    hear,
    findings,
    later: (milliseconds: number) => (now += milliseconds),
    end: async () => {
      ending.abort();
      await running;
    },
  };
}

const round = (findings: Findings) => findings.round({ ...soon(), signal: new AbortController().signal });

/** What random histories meet rarely. */
const EXAMPLES = [
  ["run", "again", "noDetach"],
  ["run", "again", "foreign"],
  ["run", "stray", "shows"],
  // Two pods that end show what a container holds.
  ["bare", "shows a", "shows b", "deleting a", "deleting b"],
  ["owned", "unreserved", "end"],
  ["run", "ruined", "repaired"],
  // The second ADD of a finds its witness gone and stops all nodes: the leader's index is made anew.
  ["run a", "run b", "noDetach b 10.1.2.3", "run a", "end a", "run a"],
].map((whats): [{ what: string; pod: string; address: string }[]] => [
  whats.map((each) => {
    const [what = "", pod = "a", address = each === "shows" ? "10.9.9.9" : "10.1.2.2"] = each.split(" ");
    return { what, pod, address };
  }),
]);

test("K200: after any history, it finds what an audit of everything finds, and then reads nothing", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
      const world = auditedWorld();
      const leader = leaderOf(world);
      await leader.findings();
      try {
        for (const [index, { address, pod, what }] of steps.entries()) {
          await attempt(async () => STEPS[what]?.(world, pod, address));
          if (index % 5 !== 4 && index !== steps.length - 1) continue;
          await leader.hear();
          const findings = await leader.findings();
          for (let rounds = 0; rounds < 2; rounds += 1) await round(findings);
          const expected = [...new Set((await world.look()).findings.map(({ id }) => id))].sort();
          expect(
            findings
              .all()
              .map(({ id }) => id)
              .sort(),
          ).toEqual(expected);
        }
        const findings = await leader.findings();
        const before = leader.calls();
        for (let rounds = 0; rounds < 3; rounds += 1) expect(await round(findings)).toBe(true);
        expect(leader.calls()).toBe(before);
      } finally {
        await leader.end();
      }
    }),
    { numRuns: 60, examples: EXAMPLES },
  );
}, 60_000);

test("K200: what was judged is read again only when something of it changes", async () => {
  const world = auditedWorld();
  const leader = leaderOf(world);
  const findings = await leader.findings();
  await world.run("a");
  world.removePod("a");
  for (let rounds = 0; rounds < 2; rounds += 1) {
    await leader.hear();
    await round(findings);
  }
  expect(findings.all().map(({ kind }) => kind)).toEqual(["leak"]);
  await world.run("b");
  await leader.hear();
  const before = leader.calls();
  await round(findings);
  await round(findings);
  expect(leader.calls()).toBe(before);
  leader.later(600_000);
  for (let rounds = 0; rounds < 2; rounds += 1) await round(findings);
  expect(leader.calls()).toBeGreaterThan(before);
  await leader.end();
});

test("K200: what a round has no time for is judged in a later one", async () => {
  const world = auditedWorld();
  const leader = leaderOf(world);
  const findings = await leader.findings();
  await world.run("a");
  world.removePod("a");
  await leader.hear();
  await round(findings);
  const late = { deadline: performance.now() + 1_000, signal: new AbortController().signal };
  expect(await findings.round(late)).toBe(false);
  expect(findings.all()).toEqual([]);
  expect(await round(findings)).toBe(true);
  expect(findings.all().map(({ kind }) => kind)).toEqual(["leak"]);
  await leader.end();
});
