import { expect, test } from "bun:test";
import fc from "fast-check";
import { formatAddress, parseAddress } from "../../address/address.ts";
import { parseInterval } from "../../address/interval-text.ts";
import type { OwnerFacts } from "../cluster-port.ts";
import type { Ports } from "../ports.ts";
import { FakeCluster } from "../testing/fake-cluster.ts";
import { podFacts } from "../testing/hand-over.ts";
import { add, createWorld, del, network, smallNetwork, texts } from "../testing/world.ts";
import type { Wish } from "../wish.ts";

const CLUSTER = "cluster-1";

/** Who owns the pods of a run: by ordinal, by name with a number, by name alone, and pods without an owner. */
const OWNERS = ["apps", "kruise", "strimzi", "bare"] as const;
type OwnerKind = (typeof OWNERS)[number];

function ownerOf(kind: OwnerKind, index: number): { readonly name: string; readonly facts: OwnerFacts } {
  const of = (apiKind: string, name = "s") => ({
    kind: apiKind,
    namespace: "default",
    name,
    uid: `uid-${name}`,
  });
  if (kind === "apps") return { name: `s-${index}`, facts: { owner: of("StatefulSet"), ordinal: index } };
  if (kind === "bare")
    return { name: `b${index}`, facts: { owner: { kind: "Pod", namespace: "default", name: `b${index}` } } };
  const name = kind === "kruise" ? `q-${index}` : `s-${"abc"[index]}`;
  const owner = {
    ...(kind === "kruise" ? of("StatefulSet", "q") : of("StrimziPodSet")),
    apiVersion: "x.io/v1",
  };
  return { name, facts: { owner, place: name, ...(kind === "kruise" && { likelyOrdinal: index }) } };
}

interface Asks {
  readonly kind: OwnerKind;
  readonly pod: number;
  readonly ifname: string;
  readonly wish: Partial<Wish>;
}

/** What is named lies outside what is given to whoever names nothing. */
const DYNAMIC_ELSEWHERE = network("net1", [
  { subnet: "10.1.2.0/24", first: "10.1.2.200", last: "10.1.2.254", gateway: "10.1.2.1" },
]);

/** A world in which pods ask, end and come back; `asked` is what each place's last ADD was given for good. */
function scene(foresight: boolean | "guessing", seed: number) {
  const { log, node, ports: portsOf } = createWorld({ foresight, seed });
  const cluster = new FakeCluster(CLUSTER);
  const ports = portsOf(node("node1"), cluster, CLUSTER);
  const alive = new Map<string, string>();
  const asked = new Map<string, readonly string[]>();
  let containers = 0;
  const end = async (place: string, ifname: string) => {
    const container = alive.get(place);
    if (container !== undefined) await del(ports, container, ifname);
    alive.delete(place);
  };
  const ask = async ({ kind, pod: index, ifname, wish }: Asks) => {
    const { name, facts } = ownerOf(kind, index);
    const place = `${name} ${ifname}`;
    await end(place, ifname);
    const container = `c${containers++}`;
    const uid = `uid-${container}`;
    const seen = podFacts({ name, uid, nodeName: "node1", ownerReferences: referenceTo(facts) });
    cluster.addPod(seen, facts);
    const lasting = Object.keys(wish).length > 0;
    const given = texts(
      await add(ports, container, {
        network: DYNAMIC_ELSEWHERE,
        pod: { namespace: "default", name, uid },
        ifname,
        wish: { ...wish, pod: seen, ...(lasting && { owner: facts }) },
      }),
    ).map((text) => text.replace("/24", ""));
    alive.set(place, container);
    asked.set(place, lasting ? given : []);
    return given;
  };
  const elsewhere = portsOf(node("node2"), cluster, CLUSTER);
  return { ports, elsewhere, log, ask, end, asked };
}

function referenceTo({ owner }: OwnerFacts) {
  if (owner.kind === "Pod") return [];
  const { apiVersion = "apps/v1", kind, name, uid = "" } = owner;
  return [{ apiVersion, kind, name, uid, controller: true }];
}

async function reserved(ports: Ports): Promise<string[]> {
  const found: string[] = [];
  const options = { deadline: performance.now() + 5_000 };
  for await (const { ref } of ports.store.list({ kind: "reservation" }, options))
    found.push(formatAddress(ref.address));
  return found.sort();
}

const set = (first: number, last: number) => ({ set: [parseInterval(`10.1.2.${first}-10.1.2.${last}`)] });
const fixed = (last: number) => ({
  fixed: [{ address: parseAddress(`10.1.2.${last}`), source: "kube-ipam.ip" }],
});

const SEEN = fc.constantFrom<boolean | "guessing">(false, true, "guessing");
const ORDER = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 3, maxLength: 14 });

test("J85: pods that come back under their names keep what they had, in whatever order they come", async () => {
  const owner = fc.constantFrom(...OWNERS);
  const wish = fc.constantFrom<Partial<Wish>>(set(20, 22), set(20, 24), { sticky: true });
  await fc.assert(
    fc.asyncProperty(owner, wish, ORDER, SEEN, fc.nat(), async (kind, wanted, order, foresight, seed) => {
      fc.pre(kind !== "bare" || wanted.sticky === true);
      const { ask, end } = scene(foresight, seed);
      const had = new Map<number, string[]>();
      for (const [step, pod] of order.entries()) {
        // Sometimes all of them end first, as in a restart of the whole workload.
        if (step % 5 === 4)
          for (const each of had.keys()) await end(`${ownerOf(kind, each).name} eth0`, "eth0");
        const given = await ask({ kind, pod, ifname: "eth0", wish: wanted });
        expect(given).toEqual(had.get(pod) ?? given);
        had.set(pod, given);
      }
      expect(new Set([...had.values()].flat()).size).toBe(had.size);
      if (kind === "kruise" && wanted.set)
        for (const [pod, given] of had) expect(given).toEqual([`10.1.2.${20 + pod}`]);
    }),
    { numRuns: 60 },
  );
});

test("J86: no reservation stays that no place asks for, and none ends that one does", async () => {
  const step = fc.record({
    kind: fc.constantFrom(...OWNERS),
    pod: fc.integer({ min: 0, max: 2 }),
    ifname: fc.constantFrom("eth0", "net1"),
    ends: fc.boolean(),
    what: fc.constantFrom("none", "ip", "other ip", "sticky", "set"),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 2, maxLength: 14 }),
      SEEN,
      fc.nat(),
      async (steps, foresight, seed) => {
        const { ask, asked, end, ports } = scene(foresight, seed);
        for (const { kind, pod, ifname, ends, what } of steps) {
          const own = 20 + OWNERS.indexOf(kind) * 40 + pod * 10 + (ifname === "eth0" ? 0 : 5);
          const wishes = { none: {}, ip: fixed(own), "other ip": fixed(own + 1), sticky: { sticky: true } };
          // One set for each pod and interface, whose Nth is the pod's.
          const listed = set(own - pod, own + 3 - pod);
          await ask({ kind, pod, ifname, wish: what === "set" ? listed : wishes[what] });
          if (ends) await end(`${ownerOf(kind, pod).name} ${ifname}`, ifname);
          expect(await reserved(ports)).toEqual([...asked.values()].flat().sort());
        }
      },
    ),
    { numRuns: 80 },
  );
});

test("J87: a new name takes a place that waits for nobody, and one that does only where there is no other", async () => {
  const { ask, end } = scene(false, 1);
  const strimzi = (pod: number, wish: Partial<Wish>) => ask({ kind: "strimzi", pod, ifname: "eth0", wish });
  expect(await strimzi(0, set(20, 21))).toEqual(["10.1.2.20"]);
  await end("s-a eth0", "eth0");
  expect(await strimzi(1, set(20, 21))).toEqual(["10.1.2.21"]);
  // No room for both: the one that is there goes first, and the other's place is gone.
  expect(await strimzi(2, set(20, 21))).toEqual(["10.1.2.20"]);
  await end("s-b eth0", "eth0");
  expect(await strimzi(0, set(20, 21))).toEqual(["10.1.2.21"]);
});

test("GUARDED: a place that another pod was given while this one was planning stays that pod's", async () => {
  for (const taken of [20, 21]) {
    const { elsewhere, ports } = scene(false, 1);
    const { facts } = ownerOf("strimzi", 1);
    const pod = (name: string) => ({ namespace: "default", name, uid: `uid-${name}` });
    // What the owner had before its pods' names were told apart waits for none of them.
    const before = { ...set(taken, taken), owner: { owner: facts.owner } };
    await add(ports, "c", { pod: pod("c"), wish: before });
    await del(ports, "c");
    const read = ports.store.read.bind(ports.store);
    let planned = false;
    const store = Object.assign(Object.create(ports.store), {
      read: async (...query: Parameters<typeof read>) => {
        const answer = await read(...query);
        const isPlan = query[0].refs?.length === 1 && query[0].refs[0]?.kind === "owner";
        if (!isPlan || planned) return answer;
        planned = true;
        const wish = { ...set(taken, taken), owner: ownerOf("strimzi", 0).facts };
        await add(elsewhere, "a", { pod: pod("s-a"), wish });
        await del(elsewhere, "a");
        return answer;
      },
    });
    const given = await add({ ...ports, store }, "b", {
      pod: pod("s-b"),
      wish: { ...set(20, 21), owner: facts },
    });
    expect(planned).toBe(true);
    expect(texts(given)).toEqual([`10.1.2.${taken === 20 ? 21 : 20}/24`]);
  }
});

test("J88: of a sticky pod's sandbox that died without a DEL, the next one of its name gets the very address", async () => {
  for (const kind of OWNERS) {
    const { ask, ports } = scene(false, 1);
    const [given] = await ask({ kind, pod: 1, ifname: "eth0", wish: { sticky: true } });
    (ports.node as unknown as { removeNamespace: (path: string) => void }).removeNamespace("/run/netns/c0");
    const { name, facts } = ownerOf(kind, 1);
    const again = await add(ports, "again", {
      network: smallNetwork(),
      pod: { namespace: "default", name, uid: "another" },
      wish: { sticky: true, owner: facts },
    });
    expect(texts(again)).toEqual([`${given}/24`]);
  }
});
