import { expect, test } from "bun:test";
import { parseAddress } from "../../address/address.ts";
import { parseInterval } from "../../address/interval-text.ts";
import type { PoolInSpace } from "../../config/parse/parse-node-configuration.ts";
import { readPoolsOf } from "../../config/testing/pools.ts";
import type { Cluster } from "../../ipam/cluster-port.ts";
import type { Owner, Retention } from "../../ipam/records.ts";
import { RECORD_VERSION } from "../../ipam/records.ts";
import { reserveAddress } from "../../ipam/reserve/reserve.ts";
import { reserveRange } from "../../ipam/reserve/reserve-range.ts";
import { calledBy } from "../../ipam/testing/called-by.ts";
import { add, createWorld, named, network } from "../../ipam/testing/world.ts";
import { judgeWorkload } from "./judge.ts";
import { resolveUpdate } from "./judge-numbers.ts";
import type { Workload } from "./workload.ts";
import { ownerOfWorkload } from "./workload-owner.ts";

const options = { deadline: performance.now() + 60_000 };
const LAN = network("lan", [{ subnet: "10.1.2.0/24", first: "10.1.2.2", last: "10.1.2.100" }]);

type OwnerState = "present" | "gone" | "unknown";

/** A store that one pod of team-b has used on network "lan", and a Kubernetes with one answer for every owner. */
async function world(ownerState: OwnerState = "present") {
  const made = createWorld();
  const ports = made.ports(made.node("n1"));
  await add(ports, "c1", {
    network: LAN,
    pod: { namespace: "team-b", name: "web-1", uid: "u1" },
    wish: named("10.1.2.9"),
  });
  const cluster = {
    ownerState: async () => ownerState,
    ownerOf: async () => ({
      owner: { kind: "Deployment", namespace: "team-a", name: "web", uid: "uid-web" },
    }),
  } as unknown as Cluster;
  const judge = async (
    change: Partial<Workload> & Pick<Workload, "annotations">,
    pools: readonly PoolInSpace[] = [],
  ) => {
    const workload: Workload = {
      kind: "Deployment",
      namespace: "team-a",
      name: "web",
      owners: [],
      besideTemplate: [],
      pods: 1,
      ...change,
    };
    const findings = await judgeWorkload(workload, {
      ports: { ...ports, cluster, clusterNames: calledBy("here") },
      pools,
      space: "default",
      ownerOf: ownerOfWorkload(workload, cluster, options.deadline),
      options,
    });
    return findings.map(({ severity, message }) => `${severity} ${message}`);
  };
  return { ...made, ports, judge };
}

const reserved = (owner: Owner, retain: Retention = "keep") =>
  ({ space: "default", owner, retain, evenIfHeld: false, requireInit: false }) as const;
const WEB_B: Owner = { kind: "Deployment", namespace: "team-b", name: "web", uid: "uid-b" };
const IP = { "kube-ipam.ip": "10.1.2.5" };
/** What another team hears, whoever has the address. */
const neutral = (address: string) =>
  `address ${address} is not available to namespace 'team-a': choose another address, or ask whoever operates the addresses of this cluster`;

test("an address that nobody has or will have is fine", async () => {
  const { judge } = await world();
  expect(await judge({ annotations: IP })).toEqual([]);
  expect(await judge({ annotations: { "kube-ipam.sticky": "true" } })).toEqual([]);
});

test("J75: an owner reference that no object has is refused with a wish, and ignored without one", async () => {
  const { judge } = await world();
  const owners = [{ apiVersion: "../v1", kind: "Foo", name: "x", uid: "u", controller: true }];
  const pod = { kind: "Pod", owners };
  for (const wish of [IP, { "kube-ipam.sticky": "true" }, { "kube-ipam.ips": "10.1.2.5-10.1.2.9" }])
    expect(await judge({ ...pod, annotations: wish })).toEqual([
      "refuse the owner reference of pod team-a/web has the apiVersion '../v1': expected group and version of an API, " +
        "such as apps/v1; nothing is allocated: correct metadata.ownerReferences of that pod",
    ]);
  expect(await judge({ ...pod, annotations: {} })).toEqual([]);
});

test("outside every subnet in use: a warning, as a new network may have it", async () => {
  const { judge } = await world();
  expect(await judge({ annotations: { "kube-ipam.ip": "10.9.9.9" } })).toEqual([
    "warn kube-ipam.ip: 10.9.9.9 lies in no subnet of the networks in use ('lan' 10.1.2.0/24): " +
      "unless a new network has it, the pod will not start",
  ]);
  expect(await judge({ annotations: { "kube-ipam.ip/lan": "10.9.9.9" } })).toHaveLength(1);
  expect(await judge({ annotations: { "kube-ipam.ips": "10.1.2.250-10.1.3.5" } })).toHaveLength(1);
});

test("J45, J46: a key that names no network or interface of the pod is a warning", async () => {
  const { judge } = await world();
  const list = { "k8s.v1.cni.cncf.io/networks": "db" };
  for (const suffix of ["eth0", "lan", "net1", "db"])
    expect(await judge({ annotations: { [`kube-ipam.ip/${suffix}`]: "10.1.2.5", ...list } })).toEqual([]);
  expect(await judge({ annotations: { "kube-ipam.ip/net1": "10.1.2.5" } })).toEqual([
    "warn kube-ipam.ip/net1: the pod names no interface 'net1': the wish is lost unless every pod of the cluster gets one",
  ]);
  expect(await judge({ annotations: { "kube-ipam.ips/Lan": "10.1.2.5", ...list } })).toEqual([
    "warn kube-ipam.ips/Lan: 'Lan' is no network or interface that the pod or the store names: unless a new network is " +
      "called so, the pod will not start",
  ]);
  expect(await judge({ annotations: { "kube-ipam.ip/net9": "10.1.2.5" } })).toHaveLength(1);
});

test("J44: an address beside a list is refused where it is the same range set's, and nowhere else", async () => {
  const { judge, ports } = await world();
  const range = (of: string) => ({ subnet: `10.${of}.0.0/24`, first: `10.${of}.0.2`, last: `10.${of}.0.99` });
  await add(ports, "c2", { network: network("two", [range("7")], [range("8")]) });
  const of = (ips: string, ip: string) =>
    judge({ annotations: { "kube-ipam.ip": ip, "kube-ipam.ips": ips } });
  expect((await of("10.1.2.6", "10.1.2.5"))[0]).toStartWith("refuse annotation kube-ipam.ips has the value");
  expect(await of("10.8.0.6", "10.7.0.5")).toEqual([]);
  expect(await of("10.8.0.6", "10.1.2.5")).toEqual([]);
});

test("J43: a prefix length that leaves the known network's gateway out of reach is a warning", async () => {
  const { judge, ports } = await world();
  const range = { subnet: "10.7.0.0/16", first: "10.7.0.2", last: "10.7.9.9", gateway: "10.7.0.1" };
  await add(ports, "c2", { network: network("wide", [range]) });
  const of = (ip: string, more = {}) => judge({ annotations: { "kube-ipam.ip": ip, ...more } });
  expect(await of("10.7.3.3", { "kube-ipam.netmask": "24" })).toEqual([
    "warn the network of 10.7.3.3/24 (kube-ipam.ip, kube-ipam.netmask) does not hold the gateway 10.7.0.1: the pod could " +
      "not reach that gateway; say kube-ipam.gateway as well, or ask for the subnet's length, /16, or the pod will not start",
  ]);
  expect(await of("10.7.3.3/24", { "kube-ipam.gateway": "10.7.3.1" })).toEqual([]);
  expect(await of("10.7.3.3/16")).toEqual([]);
  expect(await of("10.1.2.5/32")).toEqual([]);
});

test("an operator's reservation for another refuses, for the own workload it does not", async () => {
  const { judge, ports } = await world();
  const own = { kind: "Deployment", namespace: "team-a", name: "web" };
  await reserveAddress(
    parseAddress("10.1.2.5"),
    reserved({ kind: "Note", namespace: "", name: "the printer" }),
    ports,
    options,
  );
  await reserveAddress(parseAddress("10.1.2.6"), reserved(own), ports, options);
  expect(await judge({ annotations: IP })).toEqual([`refuse kube-ipam.ip: ${neutral("10.1.2.5")}`]);
  expect(await judge({ annotations: { "kube-ipam.ip": "10.1.2.6" } })).toEqual([]);
});

test("a reserved range counts as its addresses do", async () => {
  const { judge, ports } = await world();
  const range = { first: parseAddress("10.1.2.4"), last: parseAddress("10.1.2.8") };
  await reserveRange(range, reserved({ kind: "Note", namespace: "", name: "printers" }), ports, options);
  expect(await judge({ annotations: IP })).toEqual([`refuse kube-ipam.ip: ${neutral("10.1.2.5")}`]);
});

test("what is reserved for a pod of the StatefulSet is its own", async () => {
  const { judge, ports } = await world();
  await reserveAddress(
    parseAddress("10.1.2.5"),
    reserved({ kind: "Pod", namespace: "team-a", name: "web-0" }),
    ports,
    options,
  );
  expect(await judge({ kind: "StatefulSet", annotations: IP })).toEqual([]);
  expect(await judge({ kind: "Deployment", annotations: IP })).toHaveLength(1);
  expect(await judge({ kind: "StatefulSet", namespace: "team-c", annotations: IP })).toHaveLength(1);
});

/** As another team's ADD leaves it. */
async function automatic(ports: Awaited<ReturnType<typeof world>>["ports"], retain: Retention = "workload") {
  const ref = { kind: "reservation", space: "default", address: parseAddress("10.1.2.5") } as const;
  const record = { version: RECORD_VERSION, owner: WEB_B, kind: "automatic", retain, since: "" } as const;
  await ports.store.commit({ guards: [], puts: [{ ref, record }], deletes: [] }, options);
}

test("another team's address is refused while its owner lives, and free when it is gone", async () => {
  for (const [state, expected] of [
    ["present", ["refuse"]],
    ["unknown", ["warn"]],
    ["gone", []],
  ] as const) {
    const { judge, ports } = await world(state);
    await automatic(ports);
    const findings = await judge({ annotations: IP });
    expect([state, findings.map((text) => text.split(" ")[0] ?? "")]).toEqual([state, [...expected]]);
  }
  const { judge, ports } = await world("unknown");
  await automatic(ports, "keep");
  expect((await judge({ annotations: IP }))[0]).toStartWith("refuse ");
});

test("K126: a refusal names another workload of the own team, and nobody of another one", async () => {
  const { judge, ports } = await world();
  await reserveAddress(
    parseAddress("10.1.2.6"),
    reserved({ kind: "StatefulSet", namespace: "team-a", name: "db" }),
    ports,
    options,
  );
  await automatic(ports);
  expect((await judge({ annotations: { "kube-ipam.ip": "10.1.2.6" } }))[0]).toStartWith(
    "refuse kube-ipam.ip: address 10.1.2.6 is reserved for StatefulSet team-a/db",
  );
  expect(await judge({ annotations: IP })).toEqual([`refuse kube-ipam.ip: ${neutral("10.1.2.5")}`]);
});

test("K122: pools of one subnet in two spaces: refused where every one of them refuses", async () => {
  const { judge } = await world();
  const pools = (...namespaces: string[][]) =>
    readPoolsOf(
      Object.fromEntries(
        namespaces.map((fixedNamespaces, index) => [
          `p${index}`,
          { subnets: ["10.79.0.0/24"], addressSpace: `s${index}`, fixedNamespaces },
        ]),
      ),
    );
  const annotations = { "kube-ipam.ip": "10.79.0.9" };
  const of = async (...namespaces: string[][]) =>
    (await judge({ annotations }, pools(...namespaces))).filter((each) => each.startsWith("refuse"));
  expect(await of(["team-b"], ["team-a"])).toEqual([]);
  expect(await of(["team-a"], ["team-b"])).toEqual([]);
  expect(await of(["team-b"], ["team-b"])).toEqual([
    expect.stringContaining("namespace 'team-a' may not name addresses of pool 'p0'"),
  ]);
});

test("K122: an address of a pool's subnet outside of its ranges is the pool's", async () => {
  const { judge } = await world();
  const range = { subnet: "10.78.0.0/24", rangeStart: "10.78.0.100", rangeEnd: "10.78.0.200" };
  const pools = readPoolsOf({ secret: { ranges: [[range]], fixedNamespaces: ["team-b"] } });
  expect(await judge({ annotations: { "kube-ipam.ip": "10.78.0.50" } }, pools)).toEqual([
    expect.stringContaining(
      "refuse kube-ipam.ip: namespace 'team-a' may not name addresses of pool 'secret'",
    ),
  ]);
});

test("the own team may name its address for another workload", async () => {
  const { judge, ports } = await world();
  await automatic(ports);
  expect(await judge({ namespace: "team-b", name: "other", annotations: IP })).toEqual([]);
});

test("a set with addresses of others: a warning that names one of them", async () => {
  const { judge, ports } = await world();
  await automatic(ports);
  const findings = await judge({ annotations: { "kube-ipam.ips": "10.1.2.4-10.1.2.6" } });
  expect(findings).toHaveLength(1);
  expect(findings).toEqual([`warn kube-ipam.ips: ${neutral("10.1.2.5")}`]);
});

test("K126: an address that another team has now is a warning that names nobody, and none for the own team", async () => {
  const { judge } = await world();
  const annotations = { "kube-ipam.ip": "10.1.2.9" };
  expect(await judge({ annotations })).toEqual([
    "warn kube-ipam.ip: address 10.1.2.9 is not available to namespace 'team-a' now; a pod that asks for it waits until it is free",
  ]);
  expect(await judge({ namespace: "team-b", annotations })).toEqual([]);
});

test("two spaces with the address: refused only where both would refuse", async () => {
  const { judge, ports } = await world();
  await add(ports, "c2", { network: { ...LAN, name: "factory", space: "wire" } });
  await automatic(ports);
  expect((await judge({ annotations: IP }))[0]).toStartWith("warn ");
  expect((await judge({ annotations: { "kube-ipam.ip/lan": "10.1.2.5" } }))[0]).toStartWith("refuse ");
  expect(await judge({ annotations: { "kube-ipam.ip/factory": "10.1.2.5" } })).toEqual([]);
});

test("a store that cannot be asked is a warning, and what needs none is judged all the same", async () => {
  const { judge, store } = await world();
  store.faults.push({ on: "read", kind: "unavailable" });
  expect((await judge({ annotations: IP }))[0]).toStartWith(
    "warn cannot look up whether these addresses are held or reserved: ",
  );
  expect((await judge({ annotations: { "kube-ipam.ip": "10.1.2" } }))[0]).toStartWith(
    "refuse annotation kube-ipam.ip",
  );
});

test("with several networks one may have the address and another the set", async () => {
  const { judge } = await world();
  const both = { "kube-ipam.ip": "10.1.2.5", "kube-ipam.ips": "10.1.2.6-10.1.2.7" };
  expect((await judge({ annotations: both }))[0]).toContain("not both for one range set");
  expect(await judge({ annotations: { ...both, "k8s.v1.cni.cncf.io/networks": "db" } })).toEqual([]);
});

test("an address and a set are apart in a network whose sets the record is too short to tell", async () => {
  const { judge, ports } = await world();
  const exclude = Array.from({ length: 4_096 }, (_, n) => parseInterval(`10.9.${100 + (n >> 8)}.${n & 255}`));
  const sets = (subnet: string) => [
    { subnet, first: subnet.replace("0/16", "9"), last: subnet.replace("0/16", "99") },
  ];
  const large = { ...network("large", sets("10.8.0.0/16"), sets("10.9.0.0/16")), exclude };
  const both = { "kube-ipam.ip": "10.8.0.20", "kube-ipam.ips": "10.9.99.20-10.9.99.30" };
  await add(ports, "c2", { network: large, pod: { namespace: "team-b", name: "large", uid: "u2" } });
  expect(await judge({ annotations: both })).toEqual([]);
});

test("a rolling update's numbers are Kubernetes' own", () => {
  const cases = [
    ["25%", "25%", 1, 1, 0],
    ["25%", "25%", 10, 3, 2],
    [0, "25%", 1, 0, 1],
    ["0%", 0, 5, 0, 1],
    [2, 0, 5, 2, 0],
    ["100%", "100%", 3, 3, 3],
  ] as const;
  for (const [maxSurge, maxUnavailable, pods, surge, unavailable] of cases)
    expect(resolveUpdate({ maxSurge, maxUnavailable }, pods)).toEqual({ surge, unavailable });
});

test("J70: a set of IPv6 addresses is counted, up to as many as a set may have", async () => {
  const { judge } = await world();
  expect((await judge({ pods: 3, annotations: { "kube-ipam.ips": "fd00::5-fd00::6" } }))[0]).toStartWith(
    "refuse kube-ipam.ips has 2 addresses for 3 pods of Deployment team-a/web: the others would never start",
  );
  const [large] = await judge({ pods: 3, annotations: { "kube-ipam.ips": "fd00::-fd00::ffff" } });
  expect(large).toStartWith("warn ");
  const [larger] = await judge({ pods: 3, annotations: { "kube-ipam.ips": "fd00::-fd00:ffff::" } });
  expect(larger).toStartWith("refuse annotation kube-ipam.ips has the value 'fd00::-fd00:ffff::'");
});
