import { expect, test } from "bun:test";
import fc from "fast-check";
import { formatAddress, parseAddress } from "../../address/address.ts";
import { createMemoryStore } from "../../store/memory/memory-store.ts";
import { substituteOf } from "../cluster-names.ts";
import type { PodFacts } from "../cluster-port.ts";
import { IMPORTED } from "../free/adopt.ts";
import { NOTE_KIND } from "../own-kinds.ts";
import type { AllocationRecord, AttachmentRecord, Holder, Owner, Ref } from "../records.ts";
import type { Put } from "../store-port.ts";
import { streamedAs } from "../testing/audited.ts";
import { calledBy } from "../testing/called-by.ts";
import { nodeFacts, podFacts } from "../testing/hand-over.ts";
import { readRecords } from "../testing/read-records.ts";
import { UNKNOWN } from "../unknown-holder.ts";
import { audit } from "./audit.ts";
import { auditStreamed } from "./streamed.ts";
import type { AuditInput, ThisNode } from "./types.ts";

const CLUSTER = "cluster-1";
const ADDRESSES = ["10.1.2.2", "10.1.2.3", "10.1.2.4", "10.1.2.5", "fd00::2", "fd00::3"];
const soon = () => ({ deadline: performance.now() + 10_000 });
/** One of them, the first one most often: most of a store is well. */
const mostly = <T>(...[first, ...others]: readonly [T, ...T[]]) =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constant(first) },
    ...others.map((each) => ({ weight: 1, arbitrary: fc.constant(each) })),
  );
const often = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 8 });

/** A pod, and what of it an ADD wrote: what is wrong is drawn on top. */
const lives = fc.record({
  pod: fc.constantFrom("a-0", "a-1", "b-0", "b-1"),
  namespace: mostly("team", "other"),
  uid: mostly<string | undefined>("u1", "u2", undefined),
  node: mostly("n2", "n1", UNKNOWN),
  space: mostly("default", "wire"),
  addresses: fc.uniqueArray(fc.constantFrom(...ADDRESSES), { minLength: 1, maxLength: 2 }),
  container: fc.constantFrom("c1", "c2", "c3"),
  ifname: mostly("eth0", "net1"),
  requestId: mostly("r1", "r2", `${IMPORTED} x`),
  cluster: mostly<string | undefined>(CLUSTER, undefined, "cluster-2", substituteOf("s")),
  asPod: mostly(true, false),
  device: mostly<string | undefined>("4", undefined),
});

const worlds = fc.record({
  lives: fc.array(
    fc.record({
      is: lives,
      /** Else it has no allocation, attachment, pod, or another one's. */
      allocation: often(lives),
      attachment: often(lives),
      shown: often(
        fc.record({
          node: mostly<string | undefined>("n2", "n1", undefined),
          uid: mostly("u1", "u2"),
          others: fc.array(fc.constantFrom(...ADDRESSES), { maxLength: 1 }),
          finished: mostly(false, true),
          deleting: mostly(false, true),
          hostNetwork: mostly(false, true),
          mirror: mostly(false, true),
          asks: mostly<string | undefined>(undefined, ...ADDRESSES),
          machine: mostly<string | undefined>(undefined, "vmi-1"),
        }),
      ),
      same: mostly(true, false),
    }),
    { maxLength: 6 },
  ),
  owners: fc.array(
    fc.record({
      name: fc.constantFrom("a", "b"),
      kind: mostly("StatefulSet", NOTE_KIND, "Pool"),
      space: mostly("default", "wire"),
      lists: fc.uniqueArray(fc.constantFrom(...ADDRESSES)),
      reserved: fc.uniqueArray(fc.constantFrom(...ADDRESSES)),
    }),
    { maxLength: 3 },
  ),
  networks: fc.array(mostly("default", "wire"), { maxLength: 2 }),
  damaged: fc.array(fc.nat(30), { maxLength: 1 }),
  isLive: mostly(true, false),
  here: mostly<string | undefined>(undefined, "n1"),
  known: mostly(true, false),
  gone: fc.array(fc.constantFrom("c1", "c2", "c3"), { maxLength: 1 }),
});

type World = typeof worlds extends fc.Arbitrary<infer T> ? T : never;
type Life = Omit<World["lives"][number]["is"], "pod" | "container"> & {
  readonly pod: string;
  readonly container: string;
};

test("K208: an audit that streams finds what one of all records finds, whatever is in them", async () => {
  await fc.assert(
    fc.asyncProperty(worlds, async (world) => {
      const store = createMemoryStore();
      const puts = putsOf(world);
      if (puts.length > 0) await store.commit({ guards: [], puts, deletes: [] }, soon());
      for (const at of world.damaged) {
        const put = puts[at];
        if (put !== undefined) store.damage(put.ref);
      }
      const witnesses = witnessesOf(world);
      const whole = audit({ ...witnesses, records: await readRecords(store, soon()) });
      expect(await streamedAs(witnesses, store)).toEqual(whole);
    }),
    { numRuns: 400 },
  );
}, 60_000);

test("K208: of a store in which nothing is wrong, no record is kept and none is read twice", async () => {
  const store = createMemoryStore();
  const count = 600;
  const pods: PodFacts[] = [];
  for (let n = 0; n < count; n++) {
    const address = `10.1.${n >> 8}.${n & 255}`;
    const life = { ...healthy(`p-${n}`), addresses: [address], container: `c-${n}` };
    await store.commit(
      { guards: [], puts: [...allocationsOf(life), attachmentOf(life)], deletes: [] },
      soon(),
    );
    pods.push(podFacts({ namespace: "team", name: life.pod, uid: "u1", nodeName: "n2", podIPs: [address] }));
  }
  let rows = 0;
  let reads = 0;
  let listings = 0;
  const counting = {
    read: (...args: Parameters<typeof store.read>) => {
      reads += 1;
      return store.read(...args);
    },
    list: async function* (...args: Parameters<typeof store.list>) {
      for await (const entry of store.list(...args)) {
        rows += 1;
        yield entry;
      }
    } as typeof store.list,
  };
  const live = {
    pods: async function* () {
      listings += 1;
      yield* pods;
    },
    nodes: async function* () {
      yield nodeFacts({ name: "n2", bootId: "b" });
    },
  };
  const found = await auditStreamed({ store: counting, live, clusterNames: calledBy(CLUSTER) }, soon());
  expect(found.findings).toEqual([]);
  expect(found.judged).toEqual({ allocations: count, pods: count });
  const { allocations, attachments, owners, reservations } = found.records;
  expect([allocations, attachments, owners, reservations, found.pods]).toEqual([[], [], [], [], []]);
  expect([rows, reads, listings]).toEqual([2 * count, 0, 1]);
});

test("K208: pods that come and go between two listings hide no other one, and none counts twice", async () => {
  const store = createMemoryStore();
  const life = healthy("p-0");
  await store.commit({ guards: [], puts: [...allocationsOf(life), attachmentOf(life)], deletes: [] }, soon());
  const podOf = (name: string, ip = "10.1.2.2") =>
    podFacts({ namespace: "team", name, uid: "u1", nodeName: "n2", podIPs: [ip] });
  const [holder, other] = [podOf("p-0"), podOf("p-1")];
  const listings = [
    [podOf("gone", "10.9.9.8"), holder, other],
    [podOf("new", "10.9.9.9"), podOf("newer", "10.9.9.7"), holder, other],
    [holder, other],
  ];
  const found = (pods: readonly (readonly PodFacts[])[]) => {
    const rest = [...pods];
    const live = {
      pods: async function* () {
        yield* rest.shift() ?? [];
      },
      nodes: async function* () {
        yield nodeFacts({ name: "n2", bootId: "b" });
      },
    };
    return auditStreamed({ store, live, clusterNames: calledBy(CLUSTER) }, soon());
  };
  const expected = await found([
    [holder, other],
    [holder, other],
  ]);
  expect(expected.pods).toEqual([holder, other]);
  for (const [first = [], second = []] of [listings.slice(0, 2), listings.slice(1, 3)]) {
    const { findings, pods } = await found([first, second]);
    expect(pods.map(({ name }) => name).sort()).toEqual(["p-0", "p-1"]);
    expect(findings).toEqual(expected.findings);
  }
});

function healthy(pod: string): Life {
  return {
    pod,
    namespace: "team",
    uid: "u1",
    node: "n2",
    space: "default",
    addresses: ["10.1.2.2"],
    container: "c1",
    ifname: "eth0",
    requestId: "r1",
    cluster: CLUSTER,
    asPod: true,
    device: "4",
  };
}

function putsOf({ lives: all, networks, owners }: World): Put[] {
  const puts = all.flatMap(({ allocation, attachment, is, same }): Put[] => [
    ...(allocation === undefined ? [] : allocationsOf(same ? is : allocation)),
    ...(attachment === undefined ? [] : [attachmentOf(same ? is : attachment)]),
  ]);
  for (const { kind, lists, name, reserved, space } of owners) {
    const owner: Owner = { kind, namespace: "team", name };
    puts.push({ ref: { kind: "owner", space, owner }, record: { version: 1, owner, addresses: lists } });
    for (const text of reserved) {
      const ref = { kind: "reservation", space, address: parseAddress(text) } as const;
      puts.push({ ref, record: { version: 1, owner, kind: "automatic", retain: "workload", since: "" } });
    }
  }
  networks.forEach((space, index) => {
    const subnets = index === 0 ? ["10.1.2.0/24"] : ["fd00::/64"];
    puts.push({ ref: { kind: "network", name: `lan${index}` }, record: { version: 1, space, subnets } });
  });
  // Two holders of one address are one record.
  const held = new Map<string, Put>();
  for (const put of puts) {
    const key = JSON.stringify(put.ref, (_, value) => (typeof value === "bigint" ? String(value) : value));
    const before = held.get(key);
    held.set(key, before !== undefined && put.ref.kind === "allocation" ? joined(before, put) : put);
  }
  return [...held.values()];
}

function joined(before: Put, { record, ref }: Put): Put {
  const holders = [...(before.record as AllocationRecord).holders, ...(record as AllocationRecord).holders];
  return { ref, record: { ...record, holders } } as Put;
}

function holderOf({
  asPod,
  cluster,
  container,
  device,
  ifname,
  namespace,
  node,
  pod,
  requestId,
  uid,
}: Life): Holder {
  return {
    attachment: { network: "lan0", container: `${container} ${pod}`, ifname },
    ...(asPod && { pod: { namespace, name: pod, ...(uid !== undefined && { uid }) } }),
    node,
    nodeVerified: uid === "u1",
    bootId: `boot of ${node}`,
    namespace: { path: `/run/netns/${container}`, ...(device !== undefined && { device, inode: "1" }) },
    requestId,
    ...(cluster !== undefined && { cluster }),
  };
}

function allocationsOf(life: Life): Put[] {
  return life.addresses.map((text) => ({
    ref: { kind: "allocation", space: life.space, address: parseAddress(text) },
    record: { version: 1, origin: "dynamic", since: "", holders: [holderOf(life)] },
  }));
}

function attachmentOf(life: Life): Put {
  const holder = holderOf(life);
  const { addresses, node, space } = life;
  const record: AttachmentRecord = {
    version: 1,
    space,
    addresses,
    prefixes: addresses.map((text) => (text.includes(":") ? 64 : 24)),
    gateways: addresses.map(() => null),
    origin: "dynamic",
    holder,
  };
  const ref: Ref = { kind: "attachment", node, id: holder.attachment };
  return { ref, record };
}

function witnessesOf({ gone, here, isLive, known, lives: all }: World): Omit<AuditInput, "records"> {
  const pods = new Map<string, PodFacts>();
  for (const { is, shown } of all) {
    if (shown === undefined) continue;
    const { asks, machine, mirror, node, others, uid, ...status } = shown;
    const reference = {
      apiVersion: "kubevirt.io/v1",
      kind: "VirtualMachineInstance",
      name: "vmi",
      uid: machine ?? "",
    };
    const pod = podFacts({
      namespace: is.namespace,
      name: is.pod,
      uid: mirror ? "mirror" : uid,
      ...(node !== undefined && { nodeName: node }),
      ...status,
      mirror,
      podIPs: [...is.addresses, ...others].map((text) => formatAddress(parseAddress(text))),
      annotations: {
        ...(asks !== undefined && { "kube-ipam.ip": asks }),
        ...(mirror && { "kubernetes.io/config.hash": uid }),
      },
      ownerReferences: machine === undefined ? [] : [{ ...reference, controller: true }],
    });
    pods.set(`${pod.namespace}/${pod.name}`, pod);
  }
  const nodes = ["n1", "n2"].map((name) => nodeFacts({ name, bootId: `boot of ${name}` }));
  return {
    ...(isLive && { live: { pods: [...pods.values()], nodes } }),
    ...(known && { clusterNames: calledBy(CLUSTER) }),
    ...(here !== undefined && { here: nodeOf(here, gone) }),
  };
}

function nodeOf(name: string, gone: readonly string[]): ThisNode {
  return {
    name,
    bootId: `boot of ${name}`,
    namespaceState: ({ namespace }: Holder) =>
      gone.some((each) => namespace.path.endsWith(each)) ? "gone" : "exists",
    journal: { read: () => undefined },
    witnesses: { newest: () => [] },
    keptReleases: {},
  } as unknown as ThisNode;
}
