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
