import { expect } from "bun:test";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ours } from "../kit/case.ts";
import { type Call, refused } from "../kit/cni.ts";
import type { Finished } from "../kit/run.ts";
import type { Configuration, World } from "../kit/world.ts";

/** docs/errors.md says that its messages are real ones: those that one node alone can meet are met here. */

const MESSAGES = messagesOf(readFileSync(join(import.meta.dir, "../../docs/errors.md"), "utf8"));
const SUBNET = { subnet: "10.188.0.0/24" };
/** So that messages name the page's node. */
const WORKER = { nodeName: "worker-1" };
const ANNOTATIONS = "io.kubernetes.cri.pod-annotations";

type Meet = (world: World) => Promise<Finished>;

const MEETINGS: Readonly<Record<string, Meet>> = {
  "1: an unknown cniVersion": (world) => world.run("ADD", lan(world, SUBNET, { cniVersion: "2.0.0" })),
  "4: a missing variable": (world) => world.run("ADD", lan(world, SUBNET), { container: undefined }),
  "5: a node's file that is a folder": (world) =>
    world.run("ADD", lan(world, SUBNET), {}, { env: { KUBE_IPAM_CONFIG: "/tmp" } }),
  "6: a missing comma": (world) =>
    world.run("ADD", '{ "cniVersion": "1.0.0",\n  "name": "lan"\n  "ipam": {} }'),
  "7: a start outside the subnet": (world) =>
    world.run("ADD", lan(world, { ...SUBNET, rangeStart: "10.188.1.10" })),
  "7: a word of whereabouts": (world) =>
    world.run("ADD", lan(world, { ...SUBNET, range_start: "10.188.0.10" })),
  "7: a locked key": (world) => {
    writeFileSync(world.place.env.KUBE_IPAM_CONFIG ?? "", "{}");
    return world.run("ADD", { ...lan(world, {}), ipam: { type: "kube-ipam", ...SUBNET, dataDir: "/etc" } });
  },
  "11: no etcd": (world) =>
    world.run(
      "ADD",
      lan(world, { ...SUBNET, etcdConfig: { etcdURL: "http://127.0.0.1:2379" } }),
      {},
      alone(),
    ),
  "100: a full range": async (world) => {
    const small = lan(world, { subnet: "10.189.0.0/24", rangeStart: "10.189.0.2", rangeEnd: "10.189.0.2" });
    await world.add(small, { container: "other" });
    return world.run("ADD", small);
  },
  "101: a holder that is no pod": async (world) => {
    await world.add(lan(world, SUBNET), { container: "db", ...asking("10.188.0.7") });
    return world.run("ADD", lan(world, SUBNET), asking("10.188.0.7"));
  },
  "102: the gateway": (world) => world.run("ADD", lan(world, SUBNET), asking("10.188.0.1")),
  "103: no address": (world) => {
    const runtimeConfig = { [ANNOTATIONS]: { "kube-ipam.ip": "10.188.0.300" } };
    return world.run("ADD", lan(world, SUBNET, { runtimeConfig }));
  },
  "104: no kubeconfig": (world) =>
    world.run("ADD", lan(world, { ...SUBNET, nodeLocal: true }), {
      args: "K8S_POD_NAMESPACE=default;K8S_POD_NAME=db-0",
    }),
  "106: an emptied store": async (world) => {
    await world.add(lan(world, SUBNET));
    for (const path of storeFilesIn(world.place.folder.file("data"))) rmSync(path);
    return world.run("ADD", lan(world, SUBNET));
  },
  "106: a store that was put back": async (world) => {
    await world.add(lan(world, SUBNET));
    const data = world.place.folder.file("data");
    const backup = storeFilesIn(data).map((path) => [path, readFileSync(path)] as const);
    await world.add(lan(world, SUBNET), { container: "c2" });
    for (const path of storeFilesIn(data)) rmSync(path);
    for (const [path, bytes] of backup) writeFileSync(path, bytes);
    refused(await world.run("ADD", lan(world, SUBNET), { container: "c3" }));
    return world.run("ADD", lan(world, SUBNET), { container: "c3" });
  },
  "107: no record": (world) => {
    const prevResult = { cniVersion: "1.0.0", ips: [{ address: "10.188.0.9/24" }] };
    return world.run("CHECK", lan(world, SUBNET, { prevResult }), { container: "web" });
  },
};

for (const [title, meet] of Object.entries(MEETINGS)) {
  ours("docs/errors.md", title, async (world) => {
    const { code, msg, details } = refused(await meet(world));
    expect(code).toBe(Number(title.split(":")[0]));
    expect(MESSAGES).toContain(asInPage([msg, details ?? []].flat().join("\n"), world));
  });
}

function lan(world: World, ipam: Configuration, top: Configuration = {}): Configuration {
  return world.network({ ...WORKER, ...ipam }, { name: "lan", ...top });
}

function asking(address: string): Call {
  return { args: `IgnoreUnknown=1;IP=${address}` };
}

/** The page's port may be somebody's: nothing listens in a network of the plugin's own. */
function alone() {
  return { prefix: ["unshare", "--net", "sh", "-c", 'ip link set lo up; exec "$0"'] };
}

/** The embedded store's file, and those that SQLite keeps beside it. */
function storeFilesIn(data: string): string[] {
  return readdirSync(data).flatMap((name) => (name.startsWith("kube-ipam.db") ? join(data, name) : []));
}

/** What differs from run to run, in the page's words. */
function asInPage(text: string, world: World): string {
  return text
    .replaceAll(world.place.env.KUBE_IPAM_CONFIG ?? "", "/etc/kube-ipam/config.json")
    .replaceAll(world.place.folder.file("data"), "/var/lib/kube-ipam")
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}/g, "aa7f9dad-d296-4531-9c29-7e531305e636");
}

/** What stands between the page's fences, where they name no language. */
function messagesOf(page: string): string[] {
  const fenced = [...page.matchAll(/^```(.*)\n([\s\S]*?)\n```$/gm)];
  return fenced.flatMap(([, language, text]) => (language === "" && text !== undefined ? text : []));
}
