import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { apiStatus, type FakeApi, object, startFakeApi } from "../../src/kubernetes/testing/fake-api.ts";
import { addressesOf } from "../kit/cni.ts";
import { run } from "../kit/run.ts";
import { podArgs, showPod } from "../kit/shown-objects.ts";
import { kubeIpamOnEtcd } from "../kit/subject-etcd.ts";
import { type Configuration, World } from "../kit/world.ts";

/** Machines on one store that were given one node name: each has its own folders and boots. */

let world: World;
beforeAll(async () => {
  world = await World.open(kubeIpamOnEtcd({ tls: false }));
}, 120_000);
afterAll(() => world[Symbol.asyncDispose]());

let made = 0;

class Machine {
  boot = 1;
  readonly folder = join(world.place.folder.path, `machine-${made++}`);

  constructor(private readonly ipam: Configuration) {}

  get network(): Configuration {
    const places = { dataDir: join(this.folder, "data"), runDir: join(this.folder, "run") };
    const top = { cniVersion: "1.1.0", name: this.ipam.addressSpace };
    return world.network({ subnet: "10.1.2.0/24", nodeName: "n1", ...places, ...this.ipam }, top);
  }

  get env() {
    return { KUBE_IPAM_BOOT_ID: `${this.folder}-${this.boot}` };
  }

  async try(verb: "ADD" | "DEL" | "GC", container: string, args = "", netns?: string) {
    return world.run(
      verb,
      verb === "GC" ? { ...this.network, "cni.dev/valid-attachments": [] } : this.network,
      { container, args, ...(netns !== undefined && { netns }) },
      { env: this.env },
    );
  }

  /** ADD in a namespace of its own; `end` removes that, and no DEL comes. */
  async add(container: string, args = "") {
    const namespace = await world.makeNamespace();
    const finished = await this.try("ADD", container, args, namespace.path);
    if (finished.exitCode !== 0) throw new Error(finished.stdout);
    const again = async (as: Machine) =>
      addressesOf(JSON.parse((await as.try("ADD", container, args, namespace.path)).stdout))[0];
    return { address: addressesOf(JSON.parse(finished.stdout))[0], again, end: () => namespace.remove() };
  }

  async operate(...args: string[]): Promise<string> {
    const file = world.place.folder.file("operator.json");
    writeFileSync(file, JSON.stringify(this.network));
    const env = { ...world.place.env, ...this.env };
    const { stdout, stderr } = await run([world.place.executable, ...args, "--config", file], { env });
    return stdout + stderr;
  }

  /** What is in memory goes. */
  reboot(): void {
    this.boot++;
    rmSync(join(this.folder, "run"), { recursive: true, force: true });
  }
}

const held = async (space: string) =>
  (await world.held())
    .filter(({ network }) => network === space)
    .map(({ container }) => container)
    .sort();

const PODLESS = { annotations: "off" } as const;

test("K40 two machines of one name never free or take what the other's living containers hold", async () => {
  const space = "namesakes";
  const [a, b] = [
    new Machine({ ...PODLESS, addressSpace: space }),
    new Machine({ ...PODLESS, addressSpace: space }),
  ];
  const fixed = await a.add("a-fixed", "IP=10.1.2.77");
  await a.add("a-any");
  await b.add("b-any");
  expect((await b.try("GC", "none")).exitCode).toBe(0);
  expect(await b.operate("gc")).toContain("nothing is to be freed");
  expect(await held(space)).toEqual(["a-any", "a-fixed", "b-any"]);

  const refused = await b.try("ADD", "b-late", "IP=10.1.2.77");
  expect(JSON.parse(refused.stdout)).toMatchObject({
    code: 101,
    msg: expect.stringContaining("another machine of that name"),
  });
  expect(await b.operate("ip", "release", "10.1.2.77")).toContain("it is another one of that name");

  // Containers of one name on both: neither gets the other's address.
  const same = JSON.parse((await b.try("ADD", "a-any")).stdout);
  expect(same).toMatchObject({ code: 7, msg: expect.stringContaining("another machine of that name") });

  await fixed.end();
  a.reboot();
  expect((await a.try("GC", "none")).exitCode).toBe(0);
  expect(await held(space)).toEqual(["b-any"]);
});

test("K40 a machine that was rebooted frees its own of every earlier boot, and none where it lost its identity", async () => {
  const space = "reboots";
  const a = new Machine({ ...PODLESS, addressSpace: space });
  await a.add("first");
  a.reboot();
  const other = new Machine({ ...PODLESS, addressSpace: space });
  await other.add("others");
  await a.add("second");
  expect(await held(space)).toEqual(["others", "second"]);
  rmSync(join(a.folder, "data"), { recursive: true });
  a.reboot();
  await a.add("third");
  expect(await a.operate("gc")).toContain("nothing is to be freed");
  expect(await held(space)).toEqual(["others", "second", "third"]);
});

test("K80 an ADD again under another node name gives the same, and DEL leaves nothing", async () => {
  const space = "repeated";
  const a = new Machine({ ...PODLESS, addressSpace: space, nodeName: "old" });
  const any = await a.add("any");
  const fixed = await a.add("fixed", "IP=10.1.2.88");
  const renamed = new Machine({ ...PODLESS, addressSpace: space, nodeName: "new" });
  Object.assign(renamed, { folder: a.folder });
  for (const { address, again } of [any, fixed]) expect(await again(renamed)).toBe(address);
  expect(await held(space)).toEqual(["any", "fixed"]);
  for (const container of ["any", "fixed"]) expect((await renamed.try("DEL", container)).exitCode).toBe(0);
  expect(await held(space)).toEqual([]);
});

test("K44 a node that gets another name frees what it held under the old one", async () => {
  const space = "renamed";
  const a = new Machine({ ...PODLESS, addressSpace: space, nodeName: "old" });
  await a.add("before");
  await a.add("deleted");
  const renamed = new Machine({ ...PODLESS, addressSpace: space, nodeName: "new" });
  Object.assign(renamed, { folder: a.folder });
  await renamed.add("after");
  // Without the journal, only the store knows under which name.
  rmSync(join(a.folder, "run", "journal"), { recursive: true });
  expect((await renamed.try("DEL", "deleted")).exitCode).toBe(0);
  expect(await held(space)).toEqual(["after", "before"]);
  renamed.reboot();
  expect(await renamed.operate("gc")).toContain("2 freed");
  expect(await held(space)).toEqual([]);
});

describe("with Kubernetes", () => {
  let api: FakeApi;
  beforeAll(() => {
    api = startFakeApi();
    api.answers.set("/api/v1/namespaces/kube-system", object("kube-system", "uid-of-cluster"));
    api.answers.set("/api/v1/nodes/n1", apiStatus(404, "NotFound", "not found"));
  });
  afterAll(() => api.close());

  const argsOf = (name: string) => podArgs(name, `u-${name}`);
  const place = (name: string, on: { nodeName?: string }) => showPod(api, name, `u-${name}`, on);

  test("K42 a pod that Kubernetes placed on a node of another name is error 7; its DEL is not", async () => {
    const a = new Machine({ addressSpace: "placed", kubeConfig: api.kubeConfig() });
    place("here", { nodeName: "n1" });
    place("elsewhere", { nodeName: "node-b" });
    place("unplaced", {});
    await a.add("c-here", argsOf("here"));
    await a.add("c-unplaced", argsOf("unplaced"));
    const refused = await a.try("ADD", "c-elsewhere", argsOf("elsewhere"));
    expect(JSON.parse(refused.stdout)).toMatchObject({
      code: 7,
      msg: "this node is called 'n1' here, and Kubernetes calls the node of pod default/elsewhere 'node-b'",
      details: expect.stringContaining("set nodeName to 'node-b'"),
    });
    expect((await a.try("DEL", "c-elsewhere", argsOf("elsewhere"))).exitCode).toBe(0);
    // The node was renamed: new pods are refused, DELs are not.
    place("later", { nodeName: "n9" });
    expect(JSON.parse((await a.try("ADD", "c-later", argsOf("later"))).stdout)).toMatchObject({ code: 7 });
    expect((await a.try("DEL", "c-here", argsOf("here"))).exitCode).toBe(0);
    expect(await held("placed")).toEqual(["c-unplaced"]);
  });
});
