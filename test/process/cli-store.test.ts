import { expect } from "bun:test";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ours } from "../kit/case.ts";
import { commandLine, json, operatorOf } from "../kit/cli.ts";
import { PROGRAMS } from "../kit/kubernetes.ts";
import { run } from "../kit/run.ts";
import type { World } from "../kit/world.ts";

/** `kube-ipam store …` on the built executable. */

function networkOf(world: World, keys: Record<string, unknown> = {}) {
  return world.network({ subnet: "10.1.2.0/24", nodeLocal: true, annotations: "off", ...keys });
}

/** Writes what a command prints to a file of this world; answers its path. */
function saved(world: World, name: string, text: string): string {
  const path = world.place.folder.file(name);
  writeFileSync(path, text);
  return path;
}

interface Status {
  readonly uuid: string | null;
  readonly state: string;
  readonly records: Readonly<Record<string, number>>;
  readonly spaces: readonly { space: string; refused?: string }[];
}

ours("store", "init gives a store its identity once; status tells it", async (world) => {
  const net = networkOf(world, { requireInit: true });
  const operator = operatorOf(world, net);
  await world.refused("ADD", net, {}, { code: 106, text: /store init/ });
  expect((await operator("store", "status")).stdout).toContain("'kube-ipam store init' must give it");
  const made = await json<{ uuid: string; created: boolean }>(operator("store", "init", "-o", "json"));
  expect(made.created).toBe(true);
  expect(await json(operator("store", "init", "-o", "json"))).toMatchObject({
    uuid: made.uuid,
    created: false,
  });
  await world.add(net);
  const status = await json<Status>(operator("store", "status", "-o", "json"));
  expect(status).toMatchObject({
    uuid: made.uuid,
    state: "ready",
    records: { allocations: 1, attachments: 1, networks: 1 },
  });
  expect((await operator("store", "status")).stdout).toContain("the store that this node has used");
});

ours("store", "export and import stand at the top too", async (world) => {
  const net = networkOf(world);
  await world.add(net);
  const operator = operatorOf(world, net);
  const printed = async (...command: string[]) => {
    const { made: _made, ...document } = await json<{ made: string }>(operator(...command));
    return document;
  };
  const records = await printed("store", "export");
  expect(await printed("export")).toEqual(records);
  const file = saved(world, "same.json", (await operator("export")).stdout);
  expect((await operator("import", file)).exitCode).toBe(0);
  expect(await printed("export")).toEqual(records);
});

ours("store", "ONE-STORE: what replaced the store is refused until it is accepted", async (world) => {
  const net = networkOf(world);
  await world.add(net);
  const other = networkOf(world, await otherStore(world));
  const operator = operatorOf(world, other);
  await operator("store", "init");
  await world.refused("ADD", other, { container: "c2" }, { code: 106, text: /store accept/ });
  const refused = await operator("store", "status");
  expect(refused.exitCode).toBe(1);
  expect(refused.stdout).toContain("REFUSED by this node");
  expect(refused.stdout).toContain("Do: run 'kube-ipam recover'; or");
  expect((await operator("ip", "reserve", "10.1.2.9", "--for", "printer")).stderr).toContain("store accept");
  expect((await operator("store", "accept")).stdout).toContain("forgot store");
  await world.add(other, { container: "c2" });
});

/** Another place for the store, but the same memory of the node; in Kubernetes, which has one place, an emptied one. */
async function otherStore(world: World): Promise<Record<string, unknown>> {
  const { etcdConfig, kubeConfig } = world.place.ipam as {
    etcdConfig?: { prefix: string };
    kubeConfig?: string;
  };
  if (kubeConfig !== undefined) {
    const resources = "addressrecords.store.kube-ipam.io,storerecords.store.kube-ipam.io";
    const kubectl = [join(PROGRAMS, "kubectl"), "--kubeconfig", kubeConfig];
    const env = { HOME: world.place.folder.path };
    const { exitCode, stderr } = await run([...kubectl, "delete", resources, "--all"], { env });
    expect([exitCode, stderr]).toEqual([0, ""]);
    return {};
  }
  if (etcdConfig !== undefined)
    return { etcdConfig: { ...etcdConfig, prefix: `${etcdConfig.prefix}/other` } };
  const folder = world.place.folder.file("other");
  mkdirSync(folder);
  // An embedded store lies beside the node's memory of it.
  cpSync(world.place.folder.file("data", "stores"), `${folder}/stores`, { recursive: true });
  return { dataDir: folder };
}

ours("store", "export and import move everything, and import runs twice", async (world) => {
  const net = networkOf(world);
  const operator = operatorOf(world, net);
  await world.add(net, { container: "c1" });
  await operator("ip", "reserve", "10.1.2.77", "--for", "StatefulSet/team-a/db");
  await operator("ip", "reserve", "10.1.2.80-10.1.2.90", "--for", "printers");
  const exported = await operator("store", "export");
  expect(exported.exitCode).toBe(0);
  const file = saved(world, "export.json", exported.stdout);
  const copy = ["--data-dir", world.place.folder.file("copy"), "--node-name", "node1"];
  const dry = await json(commandLine(world, ["store", "import", file, "--dry-run", "-o", "json", ...copy]));
  expect(dry).toMatchObject({ dryRun: true, written: 0, toWrite: 6, conflicts: 0 });
  const first = await json(commandLine(world, ["store", "import", file, "-o", "json", ...copy]));
  expect(first).toMatchObject({ records: 6, written: 6, alreadyThere: 0 });
  const second = await json(
    commandLine(world, ["store", "import", "-", "-o", "json", ...copy], exported.stdout),
  );
  expect(second).toMatchObject({ records: 6, written: 0, alreadyThere: 6 });
  const listed = await commandLine(world, ["ip", "list", "-o", "json", ...copy]);
  // The copy is one node's own, and names no cluster.
  const all = await json<{ cluster?: string }[]>(operator("ip", "list", "-o", "json"));
  expect(JSON.parse(listed.stdout)).toEqual(all.map(({ cluster: _, ...item }) => item));
});

ours("store", "a conflict is told, and nothing is written", async (world) => {
  const net = networkOf(world);
  const operator = operatorOf(world, net);
  await world.add(net, { container: "c1" });
  await world.add(net, { container: "c2" });
  const file = saved(world, "export.json", (await operator("store", "export")).stdout);
  await operator("ip", "release", "--force", "10.1.2.2");
  await operator("ip", "release", "--force", "10.1.2.3");
  await world.add(net, { container: "c3", args: "IP=10.1.2.2" });
  const refused = await operator("store", "import", file);
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toStartWith(
    "error: 1 conflicts: nothing is written\n  the allocation of 10.1.2.2 in space default exists with different content\n",
  );
  expect((await world.held()).map(({ container }) => container)).toEqual(["c3"]);
});

ours("store", "imports host-local's folder; the containers' DELs free what was imported", async (world) => {
  const net = networkOf(world);
  const operator = operatorOf(world, net);
  const folder = world.place.folder.file("networks");
  mkdirSync(`${folder}/net1`, { recursive: true });
  const files = { "10.1.2.7": "old\r\neth0", "10.1.2.8": "older", last_reserved_ip: "10.1.2.8", lock: "" };
  for (const [name, text] of Object.entries(files)) writeFileSync(`${folder}/net1/${name}`, text);
  const done = await operator(
    "store",
    "import",
    "--from",
    "host-local",
    "--folder",
    folder,
    "--network",
    "net1",
  );
  // It may also tell what the machine's own CNI cache knows.
  expect(done).toMatchObject({ exitCode: 0, stderr: expect.not.stringContaining("error") });
  expect(await world.heldAddresses()).toEqual(["10.1.2.7", "10.1.2.8"]);
  await world.refused("ADD", net, { container: "x", args: "IP=10.1.2.7" }, { code: 101 });
  // The configuration told prefix and gateway, so a repeated ADD prints what host-local printed.
  const again = await world.add(net, { container: "older" });
  expect(again.ips[0]).toMatchObject({ address: "10.1.2.8/24", gateway: "10.1.2.1" });
  for (const container of ["old", "older"]) await world.del(net, { container });
  expect(await world.heldAddresses()).toEqual([]);
});

ours(
  "store",
  "of host-local's containers only those named are imported, each for its node",
  async (world) => {
    const net = networkOf(world);
    const operator = operatorOf(world, net);
    const folder = world.place.folder.file("net1");
    mkdirSync(folder);
    for (const n of [5, 6, 7]) writeFileSync(`${folder}/10.1.2.${n}`, `c${n}\r\neth0`);
    const list = saved(world, "containers", "# crictl\nc5\nc6 node2\n\n");
    const args = ["--from", "host-local", "--folder", folder, "--network", "net1", "--containers", list];
    const done = await operator("store", "import", ...args);
    expect(done.stderr).toStartWith(
      `note: network 'net1': 1 addresses of containers that ${list} does not name are left out\n`,
    );
    const nodes = await json<{ address: string; node: string }[]>(operator("ip", "list", "-o", "json"));
    expect(nodes.map(({ address, node }) => `${address} ${node}`)).toEqual([
      "10.1.2.5 node1",
      "10.1.2.6 node2",
    ]);
  },
);

ours("store", "what is no export is refused, with line and column where it is no JSON", async (world) => {
  const operator = operatorOf(world, networkOf(world));
  await operator("store", "init");
  const broken = await operator("store", "import", saved(world, "broken", '{\n"kind": x}'));
  expect([broken.exitCode, broken.stderr]).toEqual([
    1,
    expect.stringMatching(/broken is not valid JSON: line 2, column 9/),
  ]);
  const other = await operator("store", "import", saved(world, "other", "{}"));
  expect(other.stderr).toContain('is not an export of kube-ipam: expected {"kind": "kube-ipam-records"');
  const none = await operator("store", "import");
  expect([none.exitCode, none.stderr]).toEqual([
    2,
    "error: no file to import is named\nname one, or - for stdin\n",
  ]);
  const fresh = world.place.folder.file("fresh");
  await commandLine(world, ["store", "import", saved(world, "other", "{}"), "--data-dir", fresh]);
  expect(existsSync(fresh)).toBe(false);
});

ours("doctor", "finds what is missing and changes nothing", async (world) => {
  const { folder } = world.place;
  mkdirSync(folder.file("net.d"));
  mkdirSync(folder.file("bin"));
  const net = networkOf(world);
  writeFileSync(folder.file("net.d", "10-net1.conf"), JSON.stringify(net));
  writeFileSync(folder.file("net.d", "20-other.conf"), '{"name": "other", "type": "loopback"}');
  writeFileSync(
    folder.file("net.d", "30-broken.conf"),
    '{"name": "broken", "ipam": {"type": "kube-ipam", "subnet": "x"}}',
  );
  const folders = ["--bin-dir", folder.file("bin"), "--conf-dir", folder.file("net.d")];
  const own = ["--data-dir", folder.file("doctor"), "--run-dir", folder.file("run"), "--node-name", "node1"];
  const finished = await commandLine(world, ["doctor", "-o", "json", ...folders, ...own]);
  expect(finished.exitCode).toBe(1);
  const findings = JSON.parse(finished.stdout) as {
    check: string;
    result: string;
    found: string;
    remedy?: string;
  }[];
  const of = (words: string) => findings.find(({ check }) => check.includes(words));
  expect(of("plugin ")).toMatchObject({ result: "FAILED", found: "is not there" });
  expect(of("net1")?.result).toBe("ok");
  expect(of("20-other")).toBeUndefined();
  expect(of("30-broken")).toMatchObject({
    result: "FAILED",
    found: expect.stringContaining("ipam.subnet must be"),
  });
  expect(of("node node1")?.found).toContain(readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
  for (const { result, remedy } of findings) expect(remedy === undefined).toBe(result === "ok");
  expect(await Bun.file(folder.file("doctor", "kube-ipam.db")).exists()).toBe(false);
});
