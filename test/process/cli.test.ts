import { expect } from "bun:test";
import { ours } from "../kit/case.ts";
import { commandLine as cli, operatorOf } from "../kit/cli.ts";
import { type Finished, run } from "../kit/run.ts";
import type { World } from "../kit/world.ts";

/** The command line of the same executable: an operator's hands. */

const SUBNET = { subnet: "10.1.2.0/24" };

function onStore(world: World, ...args: string[]): Promise<Finished> {
  return operatorOf(world, world.network(SUBNET))(...args);
}

const MAINS = [
  "macvlan",
  "ipvlan",
  "bridge",
  "kube-router",
  "calico",
  "ptp",
  "vlan",
  "host-device",
  "multus",
];

for (const main of MAINS) {
  ours("outputconf", `-outputconf ${main} prints valid JSON that names kube-ipam`, async (world) => {
    const printed = await cli(world, ["-outputconf", main]);
    expect(printed.exitCode).toBe(0);
    expect(printed.stderr).toBe("");
    const ipam = ipamOf(JSON.parse(printed.stdout));
    expect(ipam).toMatchObject({ type: "kube-ipam" });
  });
}

ours("outputconf", "a printed configuration works once the store is this node's", async (world) => {
  const printed = JSON.parse((await cli(world, ["-outputconf", "macvlan"])).stdout) as Record<
    string,
    unknown
  >;
  const { etcdConfig: _etcd, kubeConfig: _kube, ...ipam } = ipamOf(printed) ?? {};
  const result = await world.add(world.network(ipam));
  expect(result.ips.length).toBeGreaterThan(0);
});

ours("outputconf", "an unknown main plugin is refused, naming those there are", async (world) => {
  const printed = await cli(world, ["-outputconf", "nonsense"]);
  expect(printed.exitCode).not.toBe(0);
  expect(printed.stderr).toContain("nonsense");
  expect(printed.stderr).toContain("macvlan");
});

ours("ip list", "shows a table for people and JSON for programs", async (world) => {
  await world.add(world.network(SUBNET), { container: "container-of-web" });
  const table = await onStore(world, "ip", "list");
  expect(table.exitCode).toBe(0);
  for (const word of ["10.1.2.2", "net1", "container-of-web", "eth0"]) expect(table.stdout).toContain(word);
  const json = await onStore(world, "ip", "list", "-o", "json");
  expect(JSON.stringify(JSON.parse(json.stdout))).toContain("container-of-web");
});

ours("ip show", "tells about one address, and about a free one", async (world) => {
  await world.add(world.network(SUBNET), { container: "container-of-web" });
  const shown = await onStore(world, "ip", "show", "10.1.2.2");
  expect(shown.exitCode).toBe(0);
  expect(shown.stdout).toContain("container-of-web");
  expect((await onStore(world, "ip", "show", "10.1.2.200")).stdout).not.toContain("container-of-web");
});

ours("ip show", "an address that is none is refused", async (world) => {
  const shown = await onStore(world, "ip", "show", "10.1.2.300");
  expect(shown.exitCode).not.toBe(0);
  expect(shown.stderr).toContain("10.1.2.300");
});

ours("ip release", "frees by force, and only what was named", async (world) => {
  const net = world.network(SUBNET);
  await world.add(net, { container: "a" });
  await world.add(net, { container: "b" });
  const gently = await onStore(world, "ip", "release", "10.1.2.2");
  // EVIDENCE: a living namespace is not taken away without --force.
  expect(gently.exitCode).not.toBe(0);
  expect(await world.heldAddresses()).toEqual(["10.1.2.2", "10.1.2.3"]);
  const forced = await onStore(world, "ip", "release", "10.1.2.2", "--force");
  expect(forced.exitCode).toBe(0);
  expect(await world.heldAddresses()).toEqual(["10.1.2.3"]);
});

ours("cli", "an unknown command is refused with usage on stderr", async (world) => {
  const finished = await cli(world, ["nonsense"]);
  expect(finished.exitCode).not.toBe(0);
  expect(finished.stdout).toBe("");
  expect(finished.stderr).toContain("nonsense");
});

const BY_CLUSTER = ["ip", "list", "--store", "kubernetes"];
const NO_STORE = "error: there is no store in /nowhere yet\n";
const SPACE = "error: option '--space <space>' argument '";
const NO_CERTIFICATES = "error: --etcd-url is https, but the command line names no certificates\n";

ours("cli", "each error has its exit code, and words only on stderr", async (world) => {
  const cases: readonly [number, string, ...string[]][] = [
    [2, "error: unknown command 'lits'\n(Did you mean list?)\nsee 'kube-ipam ip --help'\n", "ip", "lits"],
    [2, "error: unknown command 'bogus'\nsee 'kube-ipam --help'\n", "help", "bogus"],
    [2, "error: unknown command 'bogus'\nsee 'kube-ipam ip --help'\n", "ip", "bogus", "--help"],
    [2, "error: unknown option '--bogus'\nsee 'kube-ipam ip list --help'\n", "ip", "list", "--bogus"],
    [2, "error: missing required argument 'address'\nsee 'kube-ipam ip show --help'\n", "ip", "show"],
    [2, "error: '10.1.2.300' is not an IP address\n", "ip", "release", "10.1.2.300"],
    [2, "error: 'a/b/c/d' is no owner\n", "ip", "reserve", "10.1.2.3", "--for", "a/b/c/d"],
    [
      2,
      "error: 'Pool/team-a/open' is no owner\nkube-ipam's own records are of kind 'Pool'",
      "ip",
      "reserve",
      "10.1.2.3",
      "--for",
      "Pool/team-a/open",
    ],
    [2, SPACE, "ip", "reserve", "10.1.2.3", "--for", "a/b", "--space", "x/../y\u001b[31m"],
    [2, SPACE, "ip", "list", "--space", ""],
    [2, "error: '' names no pod\n", "ip", "who", ""],
    [2, "error: 'a/b/c' names no pod\n", "ip", "who", "a/b/c"],
    [3, `${NO_STORE}--data-dir names this one: `, "ip", "list", "--data-dir", "/nowhere"],
    [1, "error: the configuration /nowhere.json cannot be read: ", "ip", "list", "--config", "/nowhere.json"],
    [4, "error: ", "ip", "list", "--etcd-url", "http://127.0.0.1:1", "--timeout", "1"],
    [2, "error: --etcd-url must be a comma list of URLs", "ip", "list", "--etcd-url", "nonsense"],
    [2, `${NO_CERTIFICATES}set --etcd-ca, and --etcd-cert with `, "ip", "list", "--etcd-url", "https://a"],
    [2, "error: --etcd-cert is about an etcd, and the store is ", "ip", "list", "--etcd-cert", "/x"],
    [2, "error: --etcd-cert is about an etcd, and the store is ", ...BY_CLUSTER, "--etcd-cert", "/x"],
    [
      2,
      "error: --etcd-url names an etcd, and --store another store: kubernetes\n",
      ...BY_CLUSTER,
      "--etcd-url",
      "http://a:1",
    ],
    [2, "error: --store etcd needs to know where that is", "ip", "list", "--store", "etcd"],
    [
      2,
      "error: --kubeconfig names a cluster, and the store is the embedded one in ",
      "ip",
      "list",
      "--kubeconfig",
      "/x",
    ],
    [
      2,
      "error: --context names a cluster, and the store is the embedded one in ",
      "export",
      "--context",
      "x",
    ],
    [3, `${NO_STORE}--store names this one: `, "ip", "list", "--store", "embedded", "--data-dir", "/nowhere"],
    [
      4,
      "error: the Kubernetes credentials in /nowhere cannot be used\n",
      ...BY_CLUSTER,
      "--kubeconfig",
      "/nowhere",
    ],
  ];
  for (const [exitCode, words, ...args] of cases) {
    const finished = await cli(world, args);
    expect([args, finished.exitCode, finished.stdout]).toEqual([args, exitCode, ""]);
    expect(finished.stderr).toStartWith(words);
  }
});

/** The `ipam` object of a configuration, a list's first plugin, or the one inside a Kubernetes object. */
function ipamOf(printed: unknown): Record<string, unknown> | undefined {
  if (printed === null || typeof printed !== "object") return undefined;
  if ("ipam" in printed) return printed.ipam as Record<string, unknown>;
  for (const value of Object.values(printed)) {
    const inner = ipamOf(typeof value === "string" && value.includes('"ipam"') ? JSON.parse(value) : value);
    if (inner !== undefined) return inner;
  }
  return undefined;
}

ours("doctor", "a container is not taken for the host", async (world) => {
  const { env, executable } = world.place;
  const prefix = ["unshare", "--mount", "--pid", "--fork", "--mount-proc"];
  const { stdout } = await run([executable, "doctor"], { env, prefix });
  expect(stdout).toMatch(/^warning +mount namespace /m);
});
