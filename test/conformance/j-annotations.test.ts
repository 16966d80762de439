import { expect } from "bun:test";
import { ours } from "../kit/case.ts";
import { addressesOf } from "../kit/cni.ts";
import type { Configuration, World } from "../kit/world.ts";

/**
 * docs/behaviour.md section J: what a pod's annotations ask for, as the runtime delivers them (D20). The
 * cases that need an API server are in test/cluster.
 */

const CAPABILITY = "io.kubernetes.cri.pod-annotations";
const NET: Configuration = { subnet: "10.1.2.0/24", nodeLocal: true };
const DUAL: Configuration = {
  ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "fd00::/64" }]],
  nodeLocal: true,
};

type Annotations = Readonly<Record<string, string>>;

function asking(world: World, annotations: Annotations, ipam: Configuration = NET): Configuration {
  return world.network(ipam, { runtimeConfig: { [CAPABILITY]: annotations } });
}

const ofPod = (name: string, namespace = "default") =>
  `IgnoreUnknown=1;K8S_POD_NAMESPACE=${namespace};K8S_POD_NAME=${name};K8S_POD_UID=uid-${name}`;

/** Where nobody but the runtime tells what a pod wants. */
const UNTOLD = { notOnKubernetes: "what was not delivered is asked of Kubernetes" };

const ip = (value: string, more: Annotations = {}) => ({ "kube-ipam.ip": value, ...more });
const mask = (value: string) => ip("10.1.2.60", { "kube-ipam.netmask": value });
const gateway = (value: string) => ip("10.1.2.60", { "kube-ipam.gateway": value });

const GIVEN: readonly (readonly [
  id: string,
  annotations: Annotations,
  ips: string[],
  ipam?: Configuration,
])[] = [
  [
    "J1",
    ip("10.1.2.60", { "kube-ipam.netmask": "16", "kube-ipam.gateway": "10.1.9.9" }),
    ["10.1.2.60/16 10.1.9.9"],
  ],
  ["J12", ip("10.1.2.9"), ["10.1.2.9/24 10.1.2.1"]],
  ["J13", ip("10.1.2.9"), ["10.1.2.9/24 10.1.2.1"], { ...NET, rangeStart: "10.1.2.100" }],
  ["J17", ip("  10.1.2.60 "), ["10.1.2.60/24 10.1.2.1"]],
  ["J19", ip("10.1.2.60/16"), ["10.1.2.60/16 10.1.2.1"]],
  ["J20", mask("255.255.0.0"), ["10.1.2.60/16 10.1.2.1"]],
  ["J20", mask("/16"), ["10.1.2.60/16 10.1.2.1"]],
  ["J20", mask("16"), ["10.1.2.60/16 10.1.2.1"]],
  ["J22", mask(""), ["10.1.2.60/24 10.1.2.1"]],
  ["J24", gateway(""), ["10.1.2.60/24 10.1.2.1"]],
  [
    "J26",
    ip("FD00:0::0010", { "kube-ipam.netmask": "64" }),
    ["fd00::10/64 fd00::1"],
    { subnet: "fd00::/64", nodeLocal: true },
  ],
  ["J27", ip("10.1.2.5,fd00::5"), ["10.1.2.5/24 10.1.2.1", "fd00::5/64 fd00::1"], DUAL],
  [
    "J44",
    { "kube-ipam.ip": "10.1.2.5,fd00::6", "kube-ipam.ip/net1": "fd00::5" },
    ["10.1.2.5/24 10.1.2.1", "fd00::5/64 fd00::1"],
    DUAL,
  ],
  ["J43", ip("10.1.2.60/25"), ["10.1.2.60/25 10.1.2.1"]],
  ["J43", gateway("10.1.2.130"), ["10.1.2.60/24 10.1.2.130"]],
  [
    "J43",
    ip("fd00::10/128", { "kube-ipam.gateway": "fe80::1" }),
    ["fd00::10/128 fe80::1"],
    { subnet: "fd00::/64", nodeLocal: true },
  ],
];

for (const [id, annotations, ips, ipam] of GIVEN) {
  ours(id, `${JSON.stringify(annotations)} is given`, async (world) => {
    const result = await world.add(asking(world, annotations, ipam), { args: ofPod("p") });
    expect(result.ips.map(({ address, gateway: via }) => `${address} ${via}`)).toEqual(ips);
  });
}

const REFUSED: readonly (readonly [id: string, annotations: Annotations, code: number, text: RegExp])[] = [
  ["J14", ip("10.9.9.9"), 102, /10\.9\.9\.9/],
  ["J15", ip("10.1.2.1"), 102, /gateway/],
  ["J15", ip("10.1.2.0"), 102, /network address/],
  ["J15", ip("10.1.2.255"), 102, /broadcast/],
  ["J15", ip("10.1.2.99"), 102, /excluded/],
  ["J16", ip("127.0.0.1"), 102, /127\.0\.0\.1/],
  ["J16", ip("224.0.0.9"), 102, /224\.0\.0\.9/],
  ...["10.1.2", "10.1.2.300", "10.1.2.5/24/8", "10. 1.2.5", "010.1.2.5", "x", ","].map(
    (value) => ["J17", ip(value), 103, /kube-ipam\.ip has the value/] as const,
  ),
  ["J18", { "kube-ipam.ip": "", "kube-ipam.netmask": "24" }, 103, /kube-ipam\.ip/],
  ["J18", { "kube-ipam.gateway": "10.1.2.1" }, 103, /kube-ipam\.ip/],
  ["J19", ip("10.1.2.60/16", { "kube-ipam.netmask": "24" }), 103, /kube-ipam\.netmask/],
  ...["255.0.255.0", "33", "0", "foo"].map(
    (value) => ["J21", mask(value), 103, /kube-ipam\.netmask/] as const,
  ),
  ...["10.2.2.2", "10.1.2.60", "fd00::1", "foo", "10.1.2.255"].map(
    (value) => ["J25", gateway(value), 103, /kube-ipam\.gateway/] as const,
  ),
  ["J28", ip("10.1.2.5,10.1.2.5"), 103, /each address once/],
  ["J28", ip("10.1.2.5,10.1.2.6"), 102, /10\.1\.2\.6/],
  [
    "J43",
    ip("10.1.2.160/25"),
    103,
    /10\.1\.2\.160\/25 \(kube-ipam\.ip.*gateway 10\.1\.2\.1.*say kube-ipam\.gateway as well/,
  ],
  ["J43", mask("32"), 103, /kube-ipam\.netmask.*10\.1\.2\.1/],
  ["J37", { "kube-ipam.ip/net9": "10.1.2.5" }, 102, /net9/],
  ["J17", { "kube-ipam.ipp": "10.1.2.5" }, 103, /kube-ipam\.ipp/],
  ...["Kube-ipam.ip", "kube_ipam.ip", "kube-ipam-ip", "kube-ipam.io/ip", "kube-ipm.ip"].map(
    (key) => ["J60", { [key]: "10.1.2.5" }, 103, /^annotation .* expected the key kube-ipam\.ip;/s] as const,
  ),
  ["sets", { "kube-ipam.ips": "10.1.2.9-10.1.2.5" }, 103, /kube-ipam\.ips/],
  ["sticky", { "kube-ipam.sticky": "yes" }, 103, /kube-ipam\.sticky/],
  ["retain", ip("10.1.2.60", { "kube-ipam.retain": "30" }), 103, /kube-ipam\.retain/],
];

for (const [id, annotations, code, text] of REFUSED) {
  ours(id, `${JSON.stringify(annotations)} is refused, and nothing is given`, async (world) => {
    const net = asking(world, annotations, { ...NET, exclude: ["10.1.2.99"] });
    await world.refused("ADD", net, { args: ofPod("p") }, { code, text });
    expect(await world.held()).toEqual([]);
  });
}

ours(
  "J61",
  "other programs' annotations are no wish, nor is a near miss where annotations are off",
  async (world) => {
    const others = { "cni.projectcalico.org/ipAddrs": '["10.1.2.60"]', "kube-vip.io/ip": "10.1.2.61" };
    expect(addressesOf(await world.add(asking(world, others), { args: ofPod("p") }))).toEqual(["10.1.2.2"]);
    const off = asking(world, { "kube-ipam.ipp": "10.1.2.60" }, { ...NET, annotations: "off" });
    const second = { container: "c2", args: ofPod("q") };
    expect(addressesOf(await world.add(off, second))).toEqual(["10.1.2.3"]);
  },
);

ours("J2", "a second pod with the same address is refused, and told who has it", async (world) => {
  const net = asking(world, ip("10.1.2.60"));
  await world.add(net, { args: ofPod("first") });
  const second = { container: "c2", args: ofPod("second") };
  await world.refused("ADD", net, second, { code: 11, text: /default\/first.*node1/ });
  expect(await world.heldAddresses()).toEqual(["10.1.2.60"]);
});

ours("J11", "an address that another pod has by chance is refused", async (world) => {
  const [address = ""] = addressesOf(await world.add(asking(world, {}), { args: ofPod("first") }));
  const second = { container: "c2", args: ofPod("second") };
  await world.refused("ADD", asking(world, ip(address)), second, { code: 11, text: /default\/first/ });
});

ours(
  "E8",
  "DEL ends the lease and keeps the address for its pod; another namespace is refused",
  async (world) => {
    const net = asking(world, ip("10.1.2.60"));
    await world.add(net, { args: ofPod("db") });
    await world.del(net);
    const thief = { container: "c2", args: ofPod("thief", "other") };
    await world.refused("ADD", net, thief, { code: 101, text: /reserved for Pod default\/db/ });
    expect(addressesOf(await world.add(net, { container: "c3", args: ofPod("db") }))).toEqual(["10.1.2.60"]);
  },
);

ours(
  "J9",
  "a new sandbox of the pod has the address; the late DEL of the old one frees nothing",
  async (world) => {
    const net = asking(world, ip("10.1.2.60"));
    const first = await world.makeNamespace();
    await world.add(net, { container: "old", netns: first.path, args: ofPod("db") });
    await first.remove();
    await world.add(net, { container: "new", args: ofPod("db") });
    await world.del(net, { container: "old" });
    expect((await world.held()).map(({ container }) => container)).toEqual(["new"]);
  },
);

ours("J29", "an annotation that changes while the pod runs has no effect on CHECK and DEL", async (world) => {
  const prevResult = await world.add(asking(world, ip("10.1.2.60")), { args: ofPod("p") });
  const changed = asking(world, ip("not an address"));
  await world.quietly("CHECK", { ...changed, prevResult }, { args: ofPod("p") });
  await world.del(changed, { args: ofPod("p") });
  expect(await world.held()).toEqual([]);
});

ours(
  "J29",
  "IDEMPOTENT: an ADD again gives the same, whatever can be read of its wish by now",
  async (world) => {
    const first = await world.add(asking(world, ip("10.1.2.60")), { args: ofPod("p") });
    const changed = [ip("not an address"), ip("10.9.9.9"), { "kube-ipam.ipp": "x" }];
    for (const annotations of changed)
      expect(await world.add(asking(world, annotations), { args: ofPod("p") })).toEqual(first);
  },
);

ours(
  "J29",
  "IDEMPOTENT: an ADD again gives the same, though annotations come no more; a new one is refused",
  async (world) => {
    const first = await world.add(asking(world, ip("10.1.2.60")), { args: ofPod("p") });
    const unread = world.network(NET, { capabilities: { [CAPABILITY]: true } });
    expect(await world.add(unread, { args: ofPod("p") })).toEqual(first);
    await world.refused("ADD", unread, { container: "c2", args: ofPod("p") }, { code: 104 });
    await world.del(unread);
    await world.refused("ADD", unread, { args: ofPod("p") }, { code: 104 });
  },
  UNTOLD,
);

ours("I5", "FAIL-CLOSED: a pod that is named by half gets nothing, and its DEL succeeds", async (world) => {
  const args = "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_UID=u";
  await world.refused("ADD", asking(world, {}), { args }, { code: 4, text: /without K8S_POD_NAME/ });
  expect(await world.held()).toEqual([]);
  await world.add(asking(world, {}), { args: ofPod("p") });
  await world.del(asking(world, {}), { args });
  expect(await world.held()).toEqual([]);
});

ours("J30", "without its annotation a pod's next sandbox has another address", async (world) => {
  const net = asking(world, ip("10.1.2.60"));
  await world.add(net, { args: ofPod("p") });
  await world.del(net);
  expect(addressesOf(await world.add(asking(world, {}), { args: ofPod("p") }))).not.toEqual(["10.1.2.60"]);
});

ours("D19", "a request and an annotation must agree", async (world) => {
  const net = asking(world, ip("10.1.2.60"));
  const other = { args: `${ofPod("p")};IP=10.1.2.61` };
  await world.refused("ADD", net, other, { code: 7, text: /10\.1\.2\.60.*10\.1\.2\.61/ });
  const same = await world.add(net, { args: `${ofPod("p")};IP=10.1.2.60` });
  expect(addressesOf(same)).toEqual(["10.1.2.60"]);
});

ours("J44", "an annotation and the runtime each name one family", async (world) => {
  const top = { runtimeConfig: { [CAPABILITY]: ip("10.1.2.60"), ips: ["fd00::60"] } };
  const result = await world.add(world.network(DUAL, top), { args: ofPod("p") });
  expect(addressesOf(result)).toEqual(["10.1.2.60", "fd00::60"]);
});

ours(
  "D20",
  "annotations that were not delivered are not 'no wish' (FAIL-CLOSED)",
  async (world) => {
    const net = world.network(NET, { capabilities: { [CAPABILITY]: true } });
    await world.refused("ADD", net, { args: ofPod("p") }, { code: 104, text: /Multus does not pass it on/ });
    expect(await world.held()).toEqual([]);
  },
  UNTOLD,
);

ours("D20", 'annotations "off" asks for nothing', async (world) => {
  const net = asking(world, ip("10.1.2.60"), { ...NET, annotations: "off" });
  expect(addressesOf(await world.add(net, { args: ofPod("p") }))).not.toEqual(["10.1.2.60"]);
});

ours("E19", "CHECK by another pod than the record's is a mismatch", async (world) => {
  const net = asking(world, {});
  const prevResult = await world.add(net, { args: ofPod("p") });
  await world.refused("CHECK", { ...net, prevResult }, { args: ofPod("q") }, { code: 107, text: /uid-p/ });
});
