import { afterEach, expect, test } from "bun:test";
import { eventually } from "../../../test/kit/wait.ts";
import type { AskingPod } from "../../ipam/cluster-port.ts";
import { Api } from "../api/api.ts";
import { loadCredentials } from "../credentials/credentials.ts";
import { apiStatus, type FakeApi, startFakeApi } from "../testing/fake-api.ts";
import { NodePods } from "./node-pods.ts";

const PATH = "/api/v1/pods";
const ended: (() => void)[] = [];
afterEach(() => {
  for (const end of ended.splice(0)) end();
});

function podObject(name: string, uid: string, more: object = {}) {
  return {
    metadata: { name, namespace: "default", uid, resourceVersion: "7", ...more },
    spec: { nodeName: "n1" },
  };
}

/** An API server with one pod in its list, and a watch that the test speaks through. It knows no list of `unknownVersion`. */
function watched({ unknownVersion = "" } = {}): {
  api: FakeApi;
  pods: NodePods;
  say: (line: object) => void;
  hangUp: () => void;
  queries: string[];
  forms: (string | null)[];
} {
  const api = startFakeApi();
  const queries: string[] = [];
  const forms: (string | null)[] = [];
  let writer: ReadableStreamDefaultController<Uint8Array> | undefined;
  api.answers.set(PATH, (request) => {
    const url = new URL(request.url);
    queries.push(url.search);
    forms.push(request.headers.get("Accept"));
    if (!url.searchParams.has("watch")) {
      if (url.searchParams.get("resourceVersion") === unknownVersion)
        return apiStatus(504, "Timeout", "Too large resource version");
      return { metadata: { resourceVersion: "5" }, items: [podObject("p1", "u1")] };
    }
    return new Response(
      new ReadableStream<Uint8Array>({
        start: (controller) => {
          writer = controller;
          controller.enqueue(new TextEncoder().encode("\n"));
        },
      }),
    );
  });
  const pods = new NodePods(
    new Api(loadCredentials({ kubeConfig: api.kubeConfig() })),
    "n1",
    () => undefined,
  );
  ended.push(
    () => pods.stop(),
    () => api.close(),
  );
  const say = (line: object) => writer?.enqueue(new TextEncoder().encode(`${JSON.stringify(line)}\n`));
  return { api, pods, say, hangUp: () => writer?.close(), queries, forms };
}

const lists = (queries: readonly string[]) => queries.filter((query) => !query.includes("watch"));
const versions = (queries: readonly string[]) =>
  lists(queries).map((query) => new URLSearchParams(query).get("resourceVersion"));
const id = (name: string, uid: string) => ({ namespace: "default", name, uid });
const known = (pods: NodePods, name: string, uid: string): Promise<AskingPod> =>
  eventually(async () => pods.get(id(name, uid)));
const forgotten = (pods: NodePods, name: string, uid: string) =>
  eventually(async () => pods.get(id(name, uid)) === undefined || undefined);

test("asks for this node's pods alone, and knows them by name and UID", async () => {
  const { pods, queries } = watched();
  expect(await known(pods, "p1", "u1")).toMatchObject({ name: "p1", uid: "u1", nodeName: "n1" });
  expect(pods.get(id("p1", "another"))).toBeUndefined();
  expect(pods.get({ namespace: "default", name: "p1" })).toBeUndefined();
  expect(queries.every((query) => query.includes("fieldSelector=spec.nodeName%3Dn1"))).toBe(true);
});

test("I33: asks for metadata alone, which are a quarter of a pod, and for no pod that has finished", async () => {
  const { pods, forms, queries, say } = watched();
  await known(pods, "p1", "u1");
  expect(forms).toEqual([
    expect.stringContaining("PartialObjectMetadataList"),
    expect.stringContaining("as=PartialObjectMetadata;"),
  ]);
  for (const query of queries)
    expect(decodeURIComponent(query)).toContain("status.phase!=Succeeded,status.phase!=Failed");
  const { metadata } = podObject("p2", "u2");
  say({ type: "ADDED", object: { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata } });
  expect(await known(pods, "p2", "u2")).toMatchObject({ nodeName: "n1", finished: false });
});

test("I33: a list of no pods has null for its items", async () => {
  const { api, pods, queries, say } = watched();
  await known(pods, "p1", "u1");
  const empty = { kind: "PartialObjectMetadataList", metadata: { resourceVersion: "9" }, items: null };
  const watch = api.answers.get(PATH) as (request: Request) => object;
  api.answers.set(PATH, (request) => (request.url.includes("watch=1") ? watch(request) : empty));
  say({ type: "ERROR", object: { code: 410 } });
  await forgotten(pods, "p1", "u1");
  await eventually(async () => queries.some((query) => query.includes("resourceVersion=9")) || undefined);
  say({ type: "ADDED", object: podObject("p2", "u2") });
  await known(pods, "p2", "u2");
});

test("I33: pods are counted once, however often they change", async () => {
  const { pods, say } = watched();
  await known(pods, "p1", "u1");
  for (const version of [8, 9])
    say({ type: "MODIFIED", object: podObject("p1", "u1", { labels: { v: `${version}` } }) });
  say({ type: "ADDED", object: podObject("p2", "u2") });
  await known(pods, "p2", "u2");
  expect([pods.rankOf(id("p1", "u1")), pods.rankOf(id("p2", "u2")), pods.count]).toEqual([1, 2, 2]);
  expect(pods.get(id("p1", "u1"))?.labels).toEqual({ v: "9" });
  say({ type: "ADDED", object: podObject("p1", "u3") });
  await known(pods, "p1", "u3");
  expect(pods.rankOf(id("p1", "u3"))).toBe(3);
});

test("follows pods as they come, change and go", async () => {
  const { pods, say } = watched();
  await known(pods, "p1", "u1");
  say({ type: "ADDED", object: podObject("p2", "u2", { annotations: { "kube-ipam.ip": "10.1.2.3" } }) });
  expect((await known(pods, "p2", "u2")).annotations).toEqual({ "kube-ipam.ip": "10.1.2.3" });
  say({ type: "DELETED", object: podObject("p2", "u2") });
  await forgotten(pods, "p2", "u2");
});

test("does not speak for a pod that is being deleted", async () => {
  const { pods, say } = watched();
  await known(pods, "p1", "u1");
  say({ type: "MODIFIED", object: podObject("p1", "u1", { deletionTimestamp: "2026-01-01T00:00:00Z" }) });
  await forgotten(pods, "p1", "u1");
});

test("goes on from the last bookmark when the server ends the watch", async () => {
  const { pods, say, hangUp, queries } = watched();
  await known(pods, "p1", "u1");
  say({ type: "BOOKMARK", object: { metadata: { resourceVersion: "99" } } });
  hangUp();
  await eventually(async () => queries.some((query) => query.includes("resourceVersion=99")) || undefined);
  await known(pods, "p1", "u1");
  expect(lists(queries).length).toBe(1);
});

test("K194: each list is answered from the API server's memory: of any version, and then of none before the last", async () => {
  const { pods, say, hangUp, queries } = watched();
  await known(pods, "p1", "u1");
  say({ type: "BOOKMARK", object: { metadata: { resourceVersion: "99" } } });
  say({ type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired" } });
  await eventually(async () => lists(queries).length === 2 || undefined);
  await known(pods, "p1", "u1");
  hangUp();
  expect(versions(queries)).toEqual(["0", "99"]);
});

test("K194: where the API server does not know the last version, its list is of any again", async () => {
  const { pods, say, queries } = watched({ unknownVersion: "99" });
  await known(pods, "p1", "u1");
  say({ type: "BOOKMARK", object: { metadata: { resourceVersion: "99" } } });
  say({ type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired" } });
  await eventually(async () => lists(queries).length === 3 || undefined);
  await known(pods, "p1", "u1");
  expect(versions(queries)).toEqual(["0", "99", "0"]);
});

test("lists again when the server has forgotten where the watch was", async () => {
  const { pods, say, queries } = watched();
  await known(pods, "p1", "u1");
  say({ type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired" } });
  await eventually(async () => lists(queries).length === 2 || undefined);
  await known(pods, "p1", "u1");
});

test("knows nothing while the watch is broken, or not allowed", async () => {
  const { api, pods, hangUp } = watched();
  await known(pods, "p1", "u1");
  api.answers.set(PATH, apiStatus(403, "Forbidden", "no"));
  hangUp();
  await forgotten(pods, "p1", "u1");
});
