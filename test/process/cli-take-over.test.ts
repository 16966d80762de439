import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { embedded, ours } from "../kit/case.ts";
import { json, operatorOf } from "../kit/cli.ts";
import type { World } from "../kit/world.ts";

/** `kube-ipam store import --from whereabouts` of a file, on the built executable. */

interface Imported {
  readonly records: number;
  readonly written: number;
  readonly toWrite?: number;
  readonly conflicts: number;
  readonly conflictsWith: readonly string[];
}

interface Listed {
  readonly address: string;
  readonly container: string;
  readonly ifname: string;
  readonly node: string;
}

/** A pod as `kubectl get pods -o json` shows it: "default/lan net1 10.1.2.5" is a line of its network-status. */
function pod(name: string, ...interfaces: string[]): object {
  const status = interfaces.map((line) => {
    const [network, ifname, ...ips] = line.split(" ");
    return { name: network, interface: ifname, ips };
  });
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: "default",
      uid: `uid-${name}`,
      ...(interfaces.length > 0 && {
        annotations: { "k8s.v1.cni.cncf.io/network-status": JSON.stringify(status) },
      }),
    },
    spec: { nodeName: "node1" },
    status:
      interfaces.length > 0 ? { phase: "Running", podIPs: [{ ip: "10.244.0.9" }] } : { phase: "Pending" },
  };
}

function pool(name: string, range: unknown, allocations: unknown): object {
  return {
    apiVersion: "whereabouts.cni.cncf.io/v1alpha1",
    kind: "IPPool",
    metadata: { name, namespace: "kube-system" },
    spec: { range, allocations },
  };
}

function reservation(name: string, spec: object): object {
  return { kind: "OverlappingRangeIPReservation", metadata: { name, namespace: "kube-system" }, spec };
}

const held = (id: string, of: string, ifname = "net1") => ({ id, podref: `default/${of}`, ifname });

function takeOver(world: World, ...items: object[]) {
  const net = world.network({
    subnet: "10.1.2.0/24",
    nodeLocal: true,
    annotations: "off",
    requireInit: true,
    coolingSeconds: 0,
  });
  const file = world.place.folder.file("whereabouts.json");
  writeFileSync(file, JSON.stringify({ kind: "List", items }));
  const operator = operatorOf(world, net);
  const run = (...more: string[]) =>
    operator("store", "import", file, "--from", "whereabouts", "-o", "json", ...more);
  const list = async () => {
    const listed = await json<Listed[]>(operator("ip", "list", "-o", "json"));
    return listed.map(({ address, container, ifname, node }) => `${address} ${container} ${ifname} ${node}`);
  };
  return { list, net, run };
}

ours("M4", "what living pods show is held, in a pool or not, and told", async (world) => {
  const { list, net, run } = takeOver(
    world,
    pool("10.1.2.0-28", "10.1.2.0/28", { "2": held("c2", "p2"), "3": held("c0", "old") }),
    reservation("10.1.2.4", { containerid: "c4", podref: "default/p4", ifname: "net1" }),
    reservation("10.1.2.130", { containerid: "c9", podref: "default/p9" }),
    pod("p2", "default/lan net1 10.1.2.2"),
    pod("p3", "default/lan net1 10.1.2.3"),
    pod("p4", "default/lan net1 10.1.2.4"),
    pod("p5", "default/lan net1 10.1.2.205"),
  );
  const dry = JSON.parse((await run("--dry-run")).stdout) as Imported;
  const done = await run();
  expect([done.exitCode, JSON.parse(done.stdout)]).toEqual([
    0,
    expect.objectContaining({ written: dry.toWrite, conflicts: 0 }),
  ]);
  expect(await list()).toEqual([
    "10.1.2.2 c2 net1 node1",
    "10.1.2.3 evidence:uid-p3:10.1.2.3 net1 node1",
    "10.1.2.4 c4 net1 node1",
    "10.1.2.130 c9 (10.1.2.130) (unknown)",
    "10.1.2.205 evidence:uid-p5:10.1.2.205 net1 node1",
  ]);
  for (const told of [
    "10.1.2.3: pool 10.1.2.0-28 has it for pod default/old",
    "10.1.2.4 is in no pool",
    "10.1.2.130 of pod default/p9",
    "10.1.2.205 is in no pool",
  ])
    expect(done.stderr).toContain(told);
  expect(done.stderr).not.toContain("10.1.2.2 ");
  expect(JSON.parse((await run()).stdout)).toMatchObject({ written: 0, conflicts: 0 });
  // At once: where Kubernetes is asked, each waits for a pod that it does not show.
  const wanted = ["10.1.2.3", "10.1.2.4", "10.1.2.130", "10.1.2.205"];
  const tried = wanted.map((ip) => world.run("ADD", net, { container: `new${ip}`, args: `IP=${ip}` }));
  for (const { exitCode } of await Promise.all(tried)) expect(exitCode).not.toBe(0);
});

ours(
  "M3",
  "an entry that tells little, or its offset in another way, is held and stops nothing",
  async (world) => {
    const { list, run } = takeOver(
      world,
      pool("10.1.2.0-24", "10.1.2.0/24", {
        "2": held("c2", "p2"),
        "06": held("c6", "gone"),
        "7": {},
        "8": { id: "", podref: "", ifname: "", later: [1] },
        "9": null,
        "10": { id: "c10", podref: "p10" },
        "12": { id: "../c", podref: "default/gone", ifname: "longer than any" },
        "-18446744073709551605": held("c11", "gone"),
        "300": held("c300", "gone"),
        x: held("cx", "gone"),
      }),
      pod("p2", "default/lan net1 10.1.2.2"),
    );
    const done = await run();
    expect(done.exitCode).toBe(0);
    expect(await list()).toEqual([
      "10.1.2.2 c2 net1 node1",
      "10.1.2.6 c6 net1 (unknown)",
      "10.1.2.7 (unknown) (10.1.2.7) (unknown)",
      "10.1.2.8 (unknown) (10.1.2.8) (unknown)",
      "10.1.2.9 (unknown) (10.1.2.9) (unknown)",
      "10.1.2.10 c10 (10.1.2.10) (unknown)",
      "10.1.2.11 c11 net1 (unknown)",
      "10.1.2.12 (unknown) (10.1.2.12) (unknown)",
    ]);
    for (const told of [
      "10.1.2.7 of an unknown container",
      "podref 'p10' names no pod",
      "'300' is not an offset",
      "'x' is not an offset",
    ])
      expect(done.stderr).toContain(told);
  },
);

ours(
  "M5",
  "of two interfaces without a name each comes under its own, and a DEL frees its own",
  async (world) => {
    const { list, net, run } = takeOver(
      world,
      pool("10.1.2.0-24", "10.1.2.0/24", {
        "5": { id: "c", podref: "default/p" },
        "6": { id: "c", podref: "default/p" },
      }),
      pod("p", "default/lan net1 10.1.2.5", "default/lan net2 10.1.2.6"),
    );
    expect((await run("--ifname", "net1")).exitCode).toBe(0);
    expect(await list()).toEqual(["10.1.2.5 c net1 node1", "10.1.2.6 c net2 node1"]);
    await world.del(net, { container: "c", ifname: "net1" });
    expect(await list()).toEqual(["10.1.2.6 c net2 node1"]);
  },
);

ours(
  "M6",
  "one address for two living pods is one conflict, before anything is written; once where both are one",
  async (world) => {
    const both = (a: object, b: object) => [
      pool("10.1.2.0-24", "10.1.2.0/24", { "5": a, "9": held("c9", "p9") }),
      pool("10.1.2.0-25", "10.1.2.0/25", { "5": b }),
      pod("pa", "default/lan-a net1 10.1.2.5"),
      pod("p9", "default/lan-a net1 10.1.2.9"),
    ];
    const two = takeOver(
      world,
      ...both(held("ca", "pa"), held("cb", "pb")),
      pod("pb", "default/lan-b net1 10.1.2.5"),
    );
    for (const more of [["--dry-run"], []]) {
      const refused = await two.run(...more);
      expect([refused.exitCode, JSON.parse(refused.stdout)]).toEqual([
        1,
        expect.objectContaining({ conflicts: 1, written: 0 }),
      ]);
      for (const word of ["default/pa", "default/pb", "pool 10.1.2.0-24", "pool 10.1.2.0-25", "--definition"])
        expect(refused.stderr).toContain(word);
    }
    expect(await world.heldAddresses()).toEqual([]);
    const one = await two.run("--definition", "default/lan-b", "--dry-run");
    expect([one.exitCode, JSON.parse(one.stdout)]).toEqual([
      0,
      expect.objectContaining({ conflicts: 0, toWrite: 2 }),
    ]);
    const same = takeOver(world, ...both(held("ca", "pa"), held("ca", "pa")));
    expect(JSON.parse((await same.run()).stdout)).toMatchObject({ conflicts: 0, written: 4 });
    expect(await same.list()).toEqual(["10.1.2.5 ca net1 node1", "10.1.2.9 c9 net1 node1"]);
  },
);

ours("M2", "all that may hide an address is told in one run, and nothing is written", async (world) => {
  const { run } = takeOver(
    world,
    pool("one", "10.1.2/24", { "5": held("c5", "gone") }),
    pool("two", 7, [1]),
    pool("10.9.0.0-24", "10.9.0/24", { "5": held("c5", "gone") }),
    pool("10.1.2.0-24", "10.1.2.0/24", { "2": held("c2", "p2"), "3": held("c3", "p3") }),
    pod("p2", "default/lan net1 10.1.2.2"),
    pod("p3"),
    { kind: "Pod", metadata: { namespace: "default", name: "broken" } },
  );
  const refused = await run();
  expect(refused.exitCode).toBe(1);
  const { conflictsWith } = JSON.parse(refused.stdout) as Imported;
  expect(conflictsWith).toEqual([
    expect.stringContaining("Pod 'default/broken' cannot be read: metadata.uid"),
    "pool one: its range '10.1.2/24' cannot be read, so it is not known which addresses are held by pod default/gone (container c5)",
    "pool two: its allocations cannot be read: expected an object",
    "1 pods are starting, and do not show their addresses yet: default/p3",
  ]);
  expect(await world.heldAddresses()).toEqual([]);
});

embedded(
  "M40",
  "a store that is not shared names no cluster: the node takes its own for its own",
  async (world) => {
    const { net, run } = takeOver(
      world,
      { kind: "Namespace", metadata: { name: "kube-system", uid: "uid-of-cluster" } },
      pool("10.1.2.0-24", "10.1.2.0/24", { "2": held("c2", "p2"), "3": held("c3", "gone") }),
      pod("p2", "default/lan net1 10.1.2.2"),
    );
    expect((await run()).exitCode).toBe(0);
    const operator = operatorOf(world, net);
    const listed = await json<{ cluster?: string }[]>(operator("ip", "list", "-o", "json"));
    expect(listed.map(({ cluster }) => cluster)).toEqual([undefined, undefined]);
    const { stdout, stderr } = await operator("check", "--settle", "0", "-o", "wide");
    expect(stdout).toContain("unknown-holder");
    expect(stderr).not.toContain("another cluster");
  },
);

ours(
  "M44",
  "what an attachment of a document lists is held, also where its allocation is missing",
  async (world) => {
    const net = world.network({ subnet: "10.1.2.0/24", nodeLocal: true, annotations: "off" });
    await world.add(net, { container: "c1" });
    const exported = await json<{ records: { ref: { kind: string } }[] }>(
      operatorOf(world, net)("store", "export"),
    );
    const records = exported.records.filter(({ ref }) => ref.kind !== "allocation");
    const file = world.place.folder.file("repaired.json");
    writeFileSync(file, JSON.stringify({ ...exported, records }));
    const ipam = { ...(net.ipam as object), dataDir: world.place.folder.file("other") };
    const other = operatorOf(world, { ...net, ipam });
    const done = await other("store", "import", file);
    expect([done.exitCode, done.stderr]).toEqual([0, expect.stringContaining("allocated to nobody: held")]);
    expect(await json<Listed[]>(other("ip", "list", "-o", "json"))).toMatchObject([{ container: "c1" }]);
  },
);

ours("M45", "what would leave addresses out by a slip is refused, and makes no store", async (world) => {
  const { net, run } = takeOver(
    world,
    pool("10.1.2.0-24", "10.1.2.0/24", { "2": held("c2", "p2") }),
    pod("p2", "default/lan net1 10.1.2.2"),
  );
  const refused: readonly [string[], number, string][] = [
    [["--definition", "lan"], 2, "default/lan"],
    [["--definition", "default/lna"], 3, "the pods show default/lan"],
    [["--containers", "list"], 2, "--from host-local, kube-ipam-0.2"],
    [["--skip-damaged"], 2, "--skip-damaged means nothing"],
    [["--space", "a/b"], 2, "it cannot be an address space"],
    [["--network", "a b"], 2, "no name of a network"],
    [["--ifname", "a/b"], 2, "no interface name"],
  ];
  for (const [options, exitCode, words] of refused) {
    const done = await run(...options);
    expect([options, done.exitCode, done.stderr]).toEqual([
      options,
      exitCode,
      expect.stringContaining(words),
    ]);
  }
  const operator = operatorOf(world, net);
  const file = world.place.folder.file("whereabouts.json");
  const other = await operator("store", "import", file, "--space", "vlan20");
  expect([other.exitCode, other.stderr]).toEqual([2, expect.stringContaining("--space means nothing")]);
  expect((await world.run("ADD", net)).exitCode).not.toBe(0);
});
