import { expect, test } from "bun:test";
import { formatAddress, parseAddress } from "../address/address.ts";
import { parseCidr } from "../address/cidr.ts";
import type { PodFacts } from "../ipam/cluster-port.ts";
import type { Entry } from "../ipam/store-port.ts";
import { podFacts } from "../ipam/testing/hand-over.ts";
import { recordsOfLeases } from "./foreign-leases.ts";
import { toWhereabouts } from "./to-whereabouts.ts";
import { readWhereabouts, UNKNOWN_NODE, type WhereaboutsPool } from "./whereabouts.ts";

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
  const { leases, starting } = read([
    shows("a", "10.1.2.3", "fd00::ffff:ffff:ffff:ffff"),
    shows("b", "10.1.2.44"),
  ]);
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
  expect(leases.map(({ node, pod }) => [node, pod?.uid])).toEqual([
    [UNKNOWN_NODE, undefined],
    [UNKNOWN_NODE, undefined],
    [UNKNOWN_NODE, undefined],
  ]);
  expect(remarks.join("\n")).toContain(
    "10.1.2.3 of pod default/a (container c1): no pod of that name shows it",
  );
  for (const offset of ["1x", "256"])
    expect(remarks).toContain(`pool 10.1.2.0-24: '${offset}' is not an offset into 10.1.2.0/24: left out`);
  expect(remarks.filter((line) => line.startsWith("reservation"))).toEqual([
    "reservation 10.1.2.9 of pod default/x is in no pool: left out",
    "reservation lan-fd00--9 of pod default/x is in no pool: left out",
  ]);
  expect(read([shows("a", "10.1.2.99")], { skipGone: true }).leases).toEqual([]);
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

test("the way back gives whereabouts' own objects", () => {
  const { leases } = read([shows("a", "10.1.2.3", "fd00::ffff:ffff:ffff:ffff"), shows("b", "10.1.2.44")]);
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
