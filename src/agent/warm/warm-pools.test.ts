import { afterEach, beforeEach, expect, test } from "bun:test";
import { copyFileSync } from "node:fs";
import type { AskingPools } from "../../cni/protocol/call.ts";
import type { ClusterPools } from "../../config/settings/cluster-pools.ts";
import { apiStatus, type FakeApi, startFakeApi } from "../../kubernetes/testing/fake-api.ts";
import { readClusterPools, writeClusterPools } from "../../runtime/cluster-pools-file.ts";
import { WarmPools } from "./warm-pools.ts";

/** What an agent answers its verbs of the cluster's pools. */

const PATH = "/apis/kube-ipam.io/v1/pools";
const OLD = { name: "old", created: "", spec: { subnets: ["10.1.0.0/24"] } };

let api: FakeApi;
let pools: WarmPools;
let log: string[];
let kubeConfig: string;
beforeEach(() => {
  api = startFakeApi();
  kubeConfig = `${api.folder}/current`;
  log = [];
  pools = new WarmPools((_, text) => log.push(text));
});
afterEach(() => {
  pools.closeAll();
  api.close();
});

const use = (token: string) => copyFileSync(api.kubeConfig({ token }), kubeConfig);

function ask(verb: AskingPools["verb"], settings: object = {}): ClusterPools | undefined {
  const text = JSON.stringify({ dataDir: api.folder, kubeConfig, ...settings });
  return pools.for({ verb, document: {}, file: { path: "/f", text }, deadline: 0 });
}

const names = (known: ClusterPools | undefined) => known?.objects.map(({ name }) => name);

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await Bun.sleep(20);
}

/** Lists this pool for who has the token, and then tells nothing. */
function serve(token: string, name: string, spec: object): void {
  const metadata = { name, uid: name, generation: 1, creationTimestamp: "2026-01-01T00:00:00Z" };
  api.answers.set(PATH, (request) => {
    if (request.headers.get("Authorization") !== `Bearer ${token}`)
      return apiStatus(401, "Unauthorized", "Unauthorized");
    return new URL(request.url).searchParams.has("watch")
      ? new Response(new ReadableStream({ start: (body) => body.enqueue(new Uint8Array()) }))
      : { metadata: { resourceVersion: "1" }, items: [{ metadata, spec }] };
  });
}

test("K273: what an earlier agent knew is in force until the API server answers, and then what that says", async () => {
  writeClusterPools(api.folder, [OLD]);
  use("good");
  serve("good", "db", { subnets: ["10.2.0.0/24"] });
  const first = ask("ADD");
  expect([names(first), first?.missing]).toEqual([["old"], expect.objectContaining({ code: 11 })]);
  await until(() => ask("ADD")?.missing === undefined);
  expect(names(ask("ADD"))).toEqual(["db"]);
  expect(readClusterPools(api.folder).map(({ name }) => name)).toEqual(["db"]);
});

test("K272: other verbs than an ADD go on without what cannot be read", () => {
  use("good");
  expect(ask("STATUS")).toEqual({ objects: [], missing: "unread" });
  expect(ask("CHECK", { dataDir: 7 })).toEqual({ objects: [], missing: "unread" });
  expect(() => ask("ADD", { dataDir: 7 })).toThrow("dataDir must be");
  for (const verb of ["DEL", "GC"] as const) expect(ask(verb)).toBeUndefined();
});

test("K273: credentials that are refused are told once, and read again when their file changes", async () => {
  use("revoked");
  serve("good", "bad", { subnets: [] });
  await until(() => ask("ADD")?.missing !== undefined && log.length > 0);
  await until(() => api.requests.length >= 2);
  expect(log).toEqual(["cannot follow the cluster's pools"]);
  use("good");
  await until(() => ask("ADD")?.missing === undefined);
  expect(log.at(-1)).toStartWith("Pool bad: spec names no addresses");
}, 20_000);

test("without a cluster at hand there are none, and nothing is asked", () => {
  const before = process.env.KUBERNETES_SERVICE_HOST;
  delete process.env.KUBERNETES_SERVICE_HOST;
  expect(ask("ADD", { kubeConfig: null })).toBeUndefined();
  if (before !== undefined) process.env.KUBERNETES_SERVICE_HOST = before;
  expect(api.requests).toEqual([]);
});
