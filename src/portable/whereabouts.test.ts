import { expect, test } from "bun:test";
import { formatAddress, parseAddress } from "../address/address.ts";
import { parseCidr } from "../address/cidr.ts";
import type { PodFacts } from "../ipam/cluster-port.ts";
import type { Entry } from "../ipam/store-port.ts";
import { podFacts } from "../ipam/testing/hand-over.ts";
import { UNKNOWN } from "../ipam/unknown-holder.ts";
import { recordsOfLeases } from "./foreign-leases.ts";
import { toWhereabouts } from "./to-whereabouts.ts";
import { readWhereabouts } from "./whereabouts.ts";
import { addressesIn, rangeInName } from "./whereabouts-pool.ts";
import type { WhereaboutsPool } from "./whereabouts-state.ts";

const v4: WhereaboutsPool = {
  name: "10.1.2.0-24",
  range: "10.1.2.0/24",
  allocations: {
    "3": { id: "c1", podref: "default/a", ifname: "net1" },
    "44": { id: "c2", podref: "default/b" },
    "256": { id: "c4", podref: "default/b" },
    "1x": { id: "c3", podref: "default/b" },
  },
};
const v6: WhereaboutsPool = {
  name: "fd00---64",
  range: "fd00::/64",
  allocations: { "18446744073709551615": { id: "c1", podref: "default/a", ifname: "net1" } },
};
const reading = { ifname: "eth0", skipGone: false };

function shows(name: string, ...podIPs: string[]): PodFacts {
  return podFacts({ name, uid: `uid-${name}`, nodeName: "n1", podIPs });
}

function read(pods: PodFacts[], more: Partial<Parameters<typeof readWhereabouts>[1]> = {}) {
  const reservations = [
    { name: "10.1.2.3", podref: "default/a" },
    { name: "10.1.2.9", podref: "default/x" },
    { name: "lan-fd00--9", podref: "default/x" },
    { name: "172.16.0.1", podref: "default/x" },
  ];
  return readWhereabouts({ pools: [v4, v6], reservations, pods }, { ...reading, ...more });
}

test("offsets count from the range's address; a pod that shows the address tells node and UID", () => {
  const { leases, starting } = readWhereabouts(
    {
      pools: [v4, v6],
      reservations: [],
      pods: [shows("a", "10.1.2.3", "fd00::ffff:ffff:ffff:ffff"), shows("b", "10.1.2.44")],
    },
    reading,
  );
  expect(starting).toEqual([]);
  expect(leases.map(({ address, ...rest }) => ({ ...rest, address: formatAddress(address) }))).toEqual([
    {
      address: "10.1.2.3",
      container: "c1",
      ifname: "net1",
      node: "n1",
      nodeVerified: true,
      pod: { namespace: "default", name: "a", uid: "uid-a" },
    },
    {
      address: "10.1.2.44",
      container: "c2",
      ifname: "eth0",
      node: "n1",
      nodeVerified: true,
      pod: { namespace: "default", name: "b", uid: "uid-b" },
    },
    {
      address: "fd00::ffff:ffff:ffff:ffff",
      container: "c1",
      ifname: "net1",
      node: "n1",
      nodeVerified: true,
      pod: { namespace: "default", name: "a", uid: "uid-a" },
    },
  ]);
});

test("who shows another address, or nothing any more, is held for a node that is not known", () => {
  const { leases, remarks } = read([shows("a", "10.1.2.99")]);
  expect(leases.map(({ address, node, pod }) => [formatAddress(address), node, pod?.uid])).toEqual([
    ["10.1.2.3", UNKNOWN, undefined],
    ["10.1.2.9", UNKNOWN, undefined],
    ["10.1.2.44", UNKNOWN, undefined],
    ["10.1.2.99", "n1", "uid-a"],
    ["fd00::9", UNKNOWN, undefined],
    ["fd00::ffff:ffff:ffff:ffff", UNKNOWN, undefined],
  ]);
  expect(remarks.join("\n")).toContain(
    "10.1.2.3 of pod default/a (container c1): no pod of that name shows it",
  );
  for (const offset of ["1x", "256"])
    expect(remarks).toContain(`pool 10.1.2.0-24: '${offset}' is not an offset into 10.1.2.0/24: left out`);
  expect(remarks.filter((line) => line.includes("only in reservation"))).toEqual([
    expect.stringContaining(
      "10.1.2.9 of pod default/x (no container is named), only in reservation 10.1.2.9: ",
    ),
    expect.stringContaining(
      "fd00::9 of pod default/x (no container is named), only in reservation lan-fd00--9: ",
    ),
  ]);
  const skipping = read([shows("a", "10.1.2.99")], { skipGone: true });
  expect(skipping.leases.map(({ address }) => formatAddress(address))).toEqual(["10.1.2.99"]);
  expect(skipping.remarks).toContain(
    "10.1.2.3 of pod default/a (container c1): no pod of that name shows it: left out",
  );
});

test("a pod that shows nothing yet is being started", () => {
  expect(read([shows("a")]).starting).toEqual(["default/a"]);
});

test("one definition's addresses are told from another's", () => {
  const status = JSON.stringify([{ name: "default/lan", interface: "net1", ips: ["10.1.2.3"] }]);
  const a = { ...shows("a"), annotations: { "k8s.v1.cni.cncf.io/network-status": status } };
  expect(read([a], { definition: "default/lan" }).leases.map(({ container }) => container)).toEqual(["c1"]);
  expect(read([a], { definition: "default/other" }).leases).toEqual([]);
});

/** What Multus notes: `lan` of "net1 10.1.2.3" is on net1. */
function noted(name: string, ...lines: string[]): PodFacts {
  const status = lines.map((line) => {
    const [ifname = "", ...ips] = line.split(" ");
    return { name: `default/lan-${ifname}`, ...(ifname !== "-" && { interface: ifname }), ips };
  });
  return { ...shows(name), annotations: { "k8s.v1.cni.cncf.io/network-status": JSON.stringify(status) } };
}

function readPool(range: string, allocations: WhereaboutsPool["allocations"], ...pods: PodFacts[]) {
  const pool = { name: range.replaceAll(/[:/]/g, "-"), range, allocations };
  return readWhereabouts({ pools: [pool], reservations: [], pods }, reading);
}

const found = ({ leases }: ReturnType<typeof readWhereabouts>) =>
  leases.map(({ address, container, ifname, node }) =>
    [formatAddress(address), container, ifname, node].join(" "),
  );

test.each<[string, string, WhereaboutsPool["allocations"], PodFacts[], string[]]>([
  [
    "neither pod, container nor interface is named",
    "10.1.2.0/24",
    { "7": {} },
    [],
    ["10.1.2.7 (unknown) (10.1.2.7) (unknown)"],
  ],
  [
    "a podref names no pod",
    "10.1.2.0/24",
    { "7": { id: "c7", podref: "p" } },
    [],
    ["10.1.2.7 c7 (10.1.2.7) (unknown)"],
  ],
  [
    "one offset is written in two ways",
    "10.1.2.0/24",
    { "5": { id: "c" }, "05": { id: "c" } },
    [],
    ["10.1.2.5 c (10.1.2.5) (unknown)"],
  ],
  [
    "a negative offset is the complement of 64 bits",
    "fd00:9::/64",
    { "-8070450532247928825": { id: "c7", podref: "default/p7", ifname: "net1" } },
    [],
    ["fd00:9::9000:0:0:7 c7 net1 (unknown)"],
  ],
  [
    "an offset lost what is above 64 bits: the pod's own address tells",
    "fd00:9::/48",
    { "7": { id: "c7", podref: "default/p7", ifname: "net1" } },
    [noted("p7", "net1 fd00:9:0:4::7")],
    ["fd00:9:0:4::7 c7 net1 n1"],
  ],
  [
    "an offset above 64 bits",
    "fd00:9::/48",
    { "18446744073709551617": { id: "c7" } },
    [],
    ["fd00:9:0:1::1 c7 (fd00:9:0:1::1) (unknown)"],
  ],
  [
    "a range with its ends",
    "10.1.2.5-10.1.2.9/24",
    { "6": { id: "c6" } },
    [],
    ["10.1.2.6 c6 (10.1.2.6) (unknown)"],
  ],
  [
    "an offset no pool has: its pod shows what it has",
    "10.1.2.0/24",
    { x: { id: "c", podref: "default/p" } },
    [noted("p", "net1 10.1.2.3")],
    ["10.1.2.3 evidence:uid-p:10.1.2.3 net1 n1"],
  ],
  [
    "no interface is named: each address under the one that the pod shows",
    "10.1.2.0/24",
    { "5": { id: "c", podref: "default/p" }, "6": { id: "c", podref: "default/p" } },
    [noted("p", "net1 10.1.2.5", "net2 10.1.2.6")],
    ["10.1.2.5 c net1 n1", "10.1.2.6 c net2 n1"],
  ],
  [
    "nobody names the interface: a DEL of another frees nothing",
    "10.1.2.0/24",
    { "5": { id: "c", podref: "default/p" }, "6": { id: "c", podref: "default/p" } },
    [noted("p", "- 10.1.2.5", "- 10.1.2.6")],
    ["10.1.2.5 c (10.1.2.5) n1", "10.1.2.6 c (10.1.2.6) n1"],
  ],
  [
    "the entry's interface is another's by the pod's status",
    "10.1.2.0/24",
    {
      "5": { id: "c", podref: "default/p", ifname: "net1" },
      "6": { id: "c", podref: "default/p", ifname: "net1" },
    },
    [noted("p", "net1 10.1.2.5", "net2 10.1.2.6")],
    ["10.1.2.5 c net1 n1", "10.1.2.6 c net2 n1"],
  ],
])("M3, M5: %s", (_, range, allocations, pods, expected) => {
  const read = readPool(range, allocations, ...pods);
  expect(found(read)).toEqual(expected);
  expect([read.conflicts, read.starting]).toEqual([[], []]);
});

test("M4: an address that a pod shows is held for it: in no pool, only reserved, or by the pool another's", () => {
  const state = {
    pools: [
      {
        name: "10.1.2.0-28",
        range: "10.1.2.0/28",
        allocations: { "3": { id: "c0", podref: "default/old" } },
      },
    ],
    reservations: [
      { name: "10.1.2.4", id: "c4", podref: "default/b", ifname: "net1" },
      { name: "10.1.2.130", id: "c9", podref: "default/c", ifname: "net1" },
    ],
    pods: [noted("a", "net1 10.1.2.3"), noted("b", "net1 10.1.2.4"), noted("d", "net1 10.1.2.131")],
  };
  const read = readWhereabouts(state, { ...reading, skipGone: true, subnets: [parseCidr("10.1.2.0/24")] });
  expect(found(read)).toEqual([
    "10.1.2.3 evidence:uid-a:10.1.2.3 net1 n1",
    "10.1.2.4 c4 net1 n1",
    "10.1.2.131 evidence:uid-d:10.1.2.131 net1 n1",
  ]);
  expect(read.remarks.map((line) => line.split(" ")[0]?.replace(":", ""))).toEqual([
    "10.1.2.3",
    "10.1.2.3",
    "10.1.2.4",
    "10.1.2.130",
    "10.1.2.131",
  ]);
  const starting = { ...state, pods: [shows("b")] };
  expect(readWhereabouts(starting, reading).starting).toEqual(["default/b"]);
});

test("M6: the ways out of one address in two networks: a definition, or a pool", () => {
  const held = (id: string) => ({ "5": { id, podref: `default/${id}`, ifname: "net1" } });
  const first = { name: "10.1.2.0-24", range: "10.1.2.0/24", allocations: held("ca") };
  const second = { name: "lan-10.1.2.0-25", range: "10.1.2.0/25", allocations: held("cb") };
  const pools = [first, second];
  const reservations = [{ name: "lan-10.1.2.5", id: "cb", podref: "default/cb" }];
  const pods = [noted("ca", "net1 10.1.2.5"), noted("cb", "net2 10.1.2.5")];
  const { conflicts } = readWhereabouts({ pools, reservations, pods }, reading);
  expect(conflicts).toEqual([
    "address 10.1.2.5 is in use 2 times: by pod default/ca (interface net1 of default/lan-net1 on node n1; pool 10.1.2.0-24, " +
      "container ca), and by pod default/cb (interface net2 of default/lan-net2 on node n1; pool lan-10.1.2.0-25, container cb; " +
      "reservation lan-10.1.2.5, container cb)",
  ]);
  const defined = readWhereabouts(
    { pools, reservations, pods },
    { ...reading, definition: "default/lan-net2" },
  );
  expect([found(defined), defined.conflicts]).toEqual([["10.1.2.5 cb net2 n1"], []]);
  const chosen = readWhereabouts({ pools: [first], reservations, pods }, { ...reading, others: [second] });
  expect([found(chosen), chosen.conflicts]).toEqual([["10.1.2.5 ca net1 n1"], []]);
  expect(chosen.remarks).toEqual([
    "10.1.2.5 of pod default/cb is of pool lan-10.1.2.0-25, which is not imported: left out",
  ]);
});

test("M2: all that may hide an address is told in one run; what hides none stops nothing", () => {
  const pools: WhereaboutsPool[] = [
    { name: "one", range: "10.1.2/24", allocations: { "5": { id: "c", podref: "default/gone" } } },
    { name: "two", range: "", allocations: {}, damage: "its allocations cannot be read" },
    { name: "three", range: "", allocations: { "3": { id: "c", podref: "default/a" } } },
    { name: "10.1.2.0-24", range: "10.1.2.0/24", allocations: {} },
  ];
  const state = {
    pools,
    reservations: [],
    pods: [noted("a", "net1 10.1.2.3")],
    damages: ["Pod 'x' cannot be read"],
  };
  const read = readWhereabouts(state, reading);
  expect(read.conflicts).toEqual([
    "Pod 'x' cannot be read",
    "pool one: its range '10.1.2/24' cannot be read, so it is not known which addresses are held by pod default/gone (container c)",
    "pool two: its allocations cannot be read",
  ]);
  expect(read.remarks).toContain("pool three: its range '' cannot be read: left out");
  expect(found(read)).toEqual(["10.1.2.3 evidence:uid-a:10.1.2.3 net1 n1"]);
  expect(
    ["10.1.2.0-24", "lan-fd00---64", "a-b-10.1.0.0-16-node1", "lan"].map((name) => rangeInName(name)),
  ).toEqual([parseCidr("10.1.2.0/24"), parseCidr("fd00::/64"), parseCidr("10.1.0.0/16"), undefined as never]);
});

test("the way back gives whereabouts' own objects", () => {
  const { leases } = readWhereabouts(
    {
      pools: [v4, v6],
      reservations: [],
      pods: [shows("a", "10.1.2.3", "fd00::ffff:ffff:ffff:ffff"), shows("b", "10.1.2.44")],
    },
    reading,
  );
  const network = { source: "whereabouts", name: "lan", space: "default", ranges: [], since: "" };
  const entries = recordsOfLeases(leases, network).flatMap(({ ref, record }) =>
    ref.kind === "attachment" ? [{ ref, record, revision: 1 } as Entry<"attachment">] : [],
  );
  const ranges = ["10.1.2.0/27", "fd00::/64"].map(parseCidr);
  const { pools, reservations, remarks } = toWhereabouts(entries, { ranges, namespace: "kube-system" });
  expect(pools).toEqual([
    {
      apiVersion: "whereabouts.cni.cncf.io/v1alpha1",
      kind: "IPPool",
      metadata: { name: "10.1.2.0-27", namespace: "kube-system" },
      spec: { range: "10.1.2.0/27", allocations: { "3": v4.allocations["3"] } },
    },
    {
      apiVersion: "whereabouts.cni.cncf.io/v1alpha1",
      kind: "IPPool",
      metadata: { name: v6.name, namespace: "kube-system" },
      spec: { range: v6.range, allocations: v6.allocations },
    },
  ]);
  expect(reservations).toMatchObject([
    { metadata: { name: "10.1.2.3" }, spec: { containerid: "c1", podref: "default/a", ifname: "net1" } },
    { metadata: { name: "fd00--ffff-ffff-ffff-ffff" } },
  ]);
  expect(remarks).toEqual(["10.1.2.44 of pod default/b lies in none of the ranges: left out"]);
  const [first] = entries as [Entry<"attachment">];
  const other = {
    ...first.record,
    holder: { ...first.record.holder, pod: { namespace: "default", name: "c" } },
  };
  const both = toWhereabouts([first, { ...first, record: other }], { ranges, namespace: "x" });
  expect(both.reservations).toHaveLength(first.record.addresses.length);
  expect(both.remarks).toContain(
    "10.1.2.3 of pod default/c (container c1) is held by pod default/a, too: left out",
  );
  const named = toWhereabouts(entries, { ranges, namespace: "x", networkName: "lan" });
  expect(named.pools[0]).toMatchObject({ metadata: { name: "lan-10.1.2.0-27", namespace: "x" } });
});

test("a container that is no pod has no place in whereabouts", () => {
  const lease = { address: parseAddress("10.1.2.3"), container: "c1", ifname: "eth0", node: "n1" };
  const network = { source: "host-local", name: "lan", space: "default", ranges: [], since: "" };
  const entries = recordsOfLeases([lease], network).flatMap(({ ref, record }) =>
    ref.kind === "attachment" ? [{ ref, record, revision: 1 } as Entry<"attachment">] : [],
  );
  const { reservations, remarks } = toWhereabouts(entries, {
    ranges: [parseCidr("10.1.2.0/24")],
    namespace: "x",
  });
  expect([reservations, remarks]).toEqual([[], ["10.1.2.3 of container c1, which is not a pod: left out"]]);
});

test.each([
  ["cannot be read", "[null]", ["10.244.0.9"]],
  ["cannot be read, and there are no podIPs", "[{", []],
  [
    "lists an interface without its address",
    '[{"default":true,"ips":["10.244.0.9"]},{"interface":"net1","ips":[]}]',
    ["10.244.0.9"],
  ],
  [
    "lacks a network",
    '[{"name":"cbr0","interface":"eth0","ips":["10.244.0.9"],"default":true}]',
    ["10.244.0.9"],
  ],
])("M41: --skip-gone leaves nothing out of a pod that runs and whose status %s", (_, status, podIPs) => {
  const annotations = {
    "k8s.v1.cni.cncf.io/network-status": status,
    "k8s.v1.cni.cncf.io/networks": "lan",
  };
  const pod = podFacts({ name: "a", uid: "uid-a", annotations, podIPs });
  const pools = [{ ...v4, allocations: { "3": { id: "c1", podref: "default/a", ifname: "net1" } } }];
  const read = readWhereabouts({ pools, reservations: [], pods: [pod] }, { ...reading, skipGone: true });
  expect(found(read)).toEqual([`10.1.2.3 c1 net1 ${UNKNOWN}`]);
  expect(read.remarks.at(-1)).toContain("that pod runs");
});

test("M42: a static pod comes under the UID that the runtime knows, which its mirror has not", () => {
  const annotations = { "kubernetes.io/config.hash": "hash", "kubernetes.io/config.mirror": "hash" };
  const pod = podFacts({ name: "a", uid: "of-the-mirror", mirror: true, annotations, podIPs: ["10.1.2.3"] });
  const read = readWhereabouts({ pools: [v4], reservations: [], pods: [pod] }, reading);
  expect(read.leases.map(({ pod: of }) => of?.uid)).toContain("hash");
  const alone = readWhereabouts(
    { pools: [], reservations: [], pods: [pod] },
    { ...reading, subnets: [parseCidr("10.1.2.0/24")] },
  );
  expect(found(alone)).toEqual(["10.1.2.3 evidence:hash:10.1.2.3 eth0 n1"]);
});

test("M57: a name of many dashes is read as quickly as it is long", () => {
  expect(rangeInName("-".repeat(20_000))).toBeUndefined();
  const words = "x-".repeat(20_000);
  expect(rangeInName(`${words}10.1.2.0-24`)).toEqual(parseCidr("10.1.2.0/24"));
  expect(rangeInName("lan-1-2-3-4-5-6-7---64")).toEqual(parseCidr("1:2:3:4:5:6:7::/64"));
  expect(addressesIn(`${words}10.1.2.3`).map(({ address }) => formatAddress(address))).toEqual(["10.1.2.3"]);
  const forms = addressesIn("lan-fd00--1").map(({ address }) => formatAddress(address));
  expect(forms).toContain("fd00::1");
});
