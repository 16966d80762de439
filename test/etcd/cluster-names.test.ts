import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Chain, makeChain } from "../../src/kubernetes/testing/authorities.ts";
import {
  apiStatus,
  controller,
  type FakeApi,
  object,
  startFakeApi,
} from "../../src/kubernetes/testing/fake-api.ts";
import { addressesOf } from "../kit/cni.ts";
import { run } from "../kit/run.ts";
import { showPod } from "../kit/shown-objects.ts";
import { kubeIpamOnEtcd } from "../kit/subject-etcd.ts";
import { type Configuration, World } from "../kit/world.ts";

/** Two clusters on one store whose API servers are stand-ins; both have a node n1 and pods of the same names. */

const KUBE_SYSTEM = "/api/v1/namespaces/kube-system";
const BARE = "10.1.2.8";
const SET = "10.1.2.7";
const SUBNET = { subnet: "10.1.2.0/24" };

let chain: Chain;
let world: World;
let ours: Side;
let theirs: Side;
beforeAll(async () => {
  chain = await makeChain();
  world = await World.open(kubeIpamOnEtcd({ tls: false }));
  [ours, theirs] = [new Side("ours"), new Side("theirs")];
  for (const { api } of [ours, theirs]) setOf(api);
}, 120_000);
afterAll(async () => {
  for (const side of [ours, theirs]) side.api.close();
  await world[Symbol.asyncDispose]();
});

/** One cluster: its API server, and its node n1. */
class Side {
  readonly api: FakeApi = startFakeApi();
  #containers = 0;

  constructor(readonly name: string) {
    this.#mayRead(false);
    const node = { metadata: { name: "n1", uid: `node-${name}` }, spec: {}, status: {} };
    this.api.answers.set("/api/v1/nodes/n1", node);
    this.api.answers.set("/api/v1/pods", { kind: "PodList", metadata: {}, items: [] });
    this.api.answers.set("/api/v1/nodes", { kind: "NodeList", metadata: {}, items: [node] });
  }

  #mayRead(may: boolean): void {
    const found = object("kube-system", `uid-of-${this.name}`);
    this.api.answers.set(KUBE_SYSTEM, may ? found : apiStatus(403, "Forbidden", "may not"));
  }

  /** The node's configuration, where the kubeconfig names this authority; with or without the right. */
  network(pem: string, { mayRead = false, memory = this.name } = {}): Configuration {
    this.#mayRead(mayRead);
    const folder = join(world.place.folder.path, memory);
    return world.network({
      ...SUBNET,
      nodeName: "n1",
      dataDir: join(folder, "data"),
      runDir: join(folder, "run"),
      kubeConfig: this.api.kubeConfig(undefined, { "certificate-authority-data": btoa(pem) }),
    });
  }

  /** A pod that starts, and has what it is called by; a fixed address where it names one. */
  async start(network: Configuration, name: string, uid: string, ip?: string, rest = {}) {
    const annotations = ip === undefined ? {} : { "kube-ipam.ip": ip };
    const args = showPod(this.api, name, uid, { nodeName: "n1", annotations, ...rest });
    const netns = await world.makeNamespace();
    const container = `${this.name}-${name}-${++this.#containers}`;
    const call = { container, netns: netns.path, args };
    const boot = { env: { KUBE_IPAM_BOOT_ID: `boot-of-${this.name}` } };
    const finished = await world.run("ADD", network, call, boot);
    const end = () => world.run("DEL", network, { ...call, netns: "" }, boot);
    return { finished, end, lose: () => netns.remove() };
  }

  async address(...[network, name, uid, ip, rest]: Parameters<Side["start"]>) {
    const { finished, ...pod } = await this.start(network, name, uid, ip, rest);
    if (finished.exitCode !== 0) throw new Error(finished.stdout);
    return { ...pod, address: addressesOf(JSON.parse(finished.stdout))[0] };
  }
}

async function heldBy(side: Side): Promise<string[]> {
  return (await world.held())
    .filter(({ container }) => container.startsWith(side.name))
    .map(({ address }) => address);
}

/** A command of an operator, where the network is configured so. */
async function operate(network: Configuration, boot: string, ...args: string[]): Promise<string> {
  const file = world.place.folder.file("operator.json");
  writeFileSync(file, JSON.stringify(network));
  const env = { ...world.place.env, KUBE_IPAM_BOOT_ID: boot };
  const { stdout, stderr } = await run([world.place.executable, ...args, "--config", file], { env });
  return stdout + stderr;
}

const gc = (network: Configuration, boot: string) => operate(network, boot, "gc");

const SET_OF = { ownerReferences: [controller("apps/v1", "StatefulSet", "s", "S")] };
const setOf = (api: FakeApi) =>
  api.answers.set(
    "/apis/apps/v1/namespaces/default/statefulsets/s",
    object("s", "S", { spec: { replicas: 1 } }),
  );

test("K50, K52: what a cluster has stays its own whatever becomes of its authority's text and of its rights", async () => {
  const { a, b, c } = chain;
  const changes: readonly [string, { mayRead?: boolean }?][] = [
    [a],
    [`# ours\r\n${a.replaceAll("\n", "\r\n")}`],
    [a + b],
    [b + a],
    [b],
    [c],
    [c, { mayRead: true }],
    [c],
  ];
  let [count, dead] = [0, await ours.start(ours.network(a), "s-0", "set", SET, SET_OF)];
  for (const change of changes) {
    const network = ours.network(...change);
    const bare = await ours.address(network, "bare", `bare-${++count}`, BARE);
    expect(bare.address).toBe(BARE);
    expect((await bare.end()).exitCode).toBe(0);
    await dead.lose();
    const again = await ours.address(network, "s-0", "set", SET, SET_OF);
    expect(again.address).toBe(SET);
    dead = { ...dead, ...again };
    const dynamic = await ours.address(network, "dyn", `dyn-${count}`);
    await dynamic.lose();
  }
  await dead.lose();
  await gc(ours.network(c), "boot-of-ours");
  expect(await heldBy(ours)).toEqual([]);
}, 60_000);

test.each([
  [false, false],
  [false, true],
  [true, false],
  [true, true],
])(
  "K53: clusters of two authorities stay strangers: one may read its UID %p, the other %p",
  async (our, their) => {
    const [ip, memory] = [`10.1.2.1${Number(our)}${Number(their)}`, `${our}-${their}`];
    const [name, of] = [`pod-${memory}`, { mayRead: our, memory: `ours-${memory}` }];
    const network = ours.network(chain.a, of);
    const pod = await ours.address(network, name, `ours-${memory}`, ip);
    const other = theirs.network(chain.b, { mayRead: their, memory: `theirs-${memory}` });
    const refused = async () => {
      const { finished } = await theirs.start(other, name, `theirs-${memory}`, ip);
      return JSON.parse(finished.stdout);
    };
    expect(await refused()).toMatchObject({ code: 101, details: expect.stringContaining("another cluster") });
    await gc(other, "boot-of-theirs");
    expect(await heldBy(ours)).toEqual([ip]);
    await pod.end();
    expect(await refused()).toMatchObject({ code: 101, details: expect.stringContaining("another cluster") });
    await gc(other, "boot-of-theirs");
    const again = await ours.address(ours.network(chain.a, of), name, `again-${memory}`, ip);
    expect(again.address).toBe(ip);
    await again.end();
  },
  60_000,
);

test("K55: gc from elsewhere, with the right, frees what nodes held whose name was a substitute", async () => {
  const { a } = chain;
  await ours.start(ours.network(a, { memory: "first" }), "gone", "gone", "10.1.2.9");
  expect(await heldBy(ours)).toEqual(["10.1.2.9"]);
  for (const path of ["/api/v1/nodes/n1", "/api/v1/namespaces/default/pods/gone"])
    ours.api.answers.delete(path);
  ours.api.answers.set("/api/v1/nodes", { kind: "NodeList", metadata: {}, items: [] });
  const elsewhere = ours.network(a, { mayRead: true, memory: "elsewhere" });
  const found = await gc(elsewhere, "boot-of-an-operator");
  expect(found).toContain("its node was deleted");
  expect(await heldBy(ours)).toEqual([]);
}, 60_000);

test("K54: check says where a node knows nothing that is held under its name; another cluster's kubeconfig is refused", async () => {
  const { a, b } = chain;
  const pod = await ours.start(ours.network(a, { memory: "before" }), "x", "x", "10.1.2.20");
  const check = (network: Configuration, boot: string) => operate(network, boot, "check", "--settle", "0");
  const lost = ours.network(b, { memory: "after" });
  await pod.lose();
  expect(await check(lost, "boot-of-ours")).toContain("1 leak");
  expect(await check(lost, "boot-of-later")).toContain(
    "all that the store holds for node n1 belongs to another cluster (authority-",
  );
  const network = ours.network(a, { memory: "before" });
  const theirKubeConfig = theirs.api.kubeConfig(undefined, { "certificate-authority-data": btoa(b) });
  const refused = await operate(network, "boot-of-ours", "gc", "--kubeconfig", theirKubeConfig);
  expect(refused).toContain("but this node belongs to the cluster authority-");
  expect(await operate(network, "boot-of-ours", "doctor")).toMatch(/a name by its certificate authority/);
  await pod.end();
}, 60_000);

test("M40: what a new node imports names its cluster, or nobody would ever free it", async () => {
  const folder = world.place.folder.file("networks", "net1");
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/10.1.2.30`, "imported\r\neth0");
  const network = ours.network(chain.a, { memory: "new", mayRead: true });
  const source = ["--from", "host-local", "--network", "net1", "--folder", folder];
  await operate(network, "boot-of-ours", "store", "import", ...source);
  const listed = await operate(network, "boot-of-ours", "ip", "list", "--address", "10.1.2.30", "-o", "json");
  expect(JSON.parse(listed)).toEqual([
    expect.objectContaining({ container: "imported", cluster: "uid-of-ours" }),
  ]);
  const silent = {
    ...network,
    ipam: { ...(network.ipam as object), kubeConfig: "/nowhere", dataDir: `${folder}/data` },
  };
  expect(await operate(silent, "boot-of-ours", "store", "import", ...source)).toContain(
    "the Kubernetes credentials in /nowhere cannot be used",
  );
}, 60_000);
