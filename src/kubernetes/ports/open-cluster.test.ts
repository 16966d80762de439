import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Cluster } from "../../ipam/cluster-port.ts";
import { db0, failureOf, getPod, POD, soon } from "../testing/asking.ts";
import { apiStatus, object, startFakeApi } from "../testing/fake-api.ts";
import { lazyCluster } from "./lazy-cluster.ts";

const api = startFakeApi();
const KUBECONFIG = api.kubeConfig();
afterAll(() => api.close());
beforeEach(() => {
  api.answers.clear();
  api.requests.length = 0;
});

const failure = (ask: (cluster: Cluster) => Promise<unknown>, kubeConfig = KUBECONFIG) =>
  failureOf(ask, kubeConfig);

describe("objects", () => {
  test("a pod", async () => {
    api.answers.set(POD, {
      metadata: {
        name: "db-0",
        namespace: "default",
        uid: "u1",
        deletionTimestamp: "2026-01-01T00:00:00Z",
        annotations: { "kube-ipam.ip": "10.1.2.5", "kubernetes.io/config.mirror": "h" },
        ownerReferences: [
          { apiVersion: "apps/v1", kind: "StatefulSet", name: "db", uid: "s1", controller: true },
        ],
      },
      spec: { nodeName: "n1", containers: [] },
      status: { phase: "Failed", podIPs: [{ ip: "10.1.2.5" }] },
    });
    expect(await getPod(lazyCluster({ kubeConfig: api.kubeConfig() }))).toEqual({
      namespace: "default",
      name: "db-0",
      uid: "u1",
      nodeName: "n1",
      annotations: { "kube-ipam.ip": "10.1.2.5", "kubernetes.io/config.mirror": "h" },
      labels: {},
      deleting: true,
      finished: true,
      hostNetwork: false,
      mirror: true,
      ownerReferences: [
        { apiVersion: "apps/v1", kind: "StatefulSet", name: "db", uid: "s1", controller: true },
      ],
      podIPs: ["10.1.2.5"],
    });
  });

  test.each([
    ["True", [], "true", false],
    [
      "False",
      [{ key: "node.kubernetes.io/out-of-service", value: "x", effect: "NoSchedule" }],
      "false",
      true,
    ],
    ["Unknown", [{ key: "node.kubernetes.io/unreachable" }], "unknown", false],
    [undefined, [], "unknown", false],
  ])("a node whose Ready is %s", async (status, taints, ready, outOfServiceTaint) => {
    api.answers.set("/api/v1/nodes/n1", {
      metadata: { name: "n1", uid: "n" },
      spec: { taints },
      status: { conditions: status ? [{ type: "Ready", status }] : [], nodeInfo: { bootID: "b1" } },
    });
    const cluster = lazyCluster({ kubeConfig: api.kubeConfig() });
    expect(await cluster.node("n1", soon())).toEqual({
      name: "n1",
      uid: "n",
      ready,
      bootId: "b1",
      outOfServiceTaint,
      labels: {},
    } as never);
  });

  test("the cluster's UID is that of kube-system", async () => {
    api.answers.set("/api/v1/namespaces/kube-system", object("kube-system", "cluster-uid"));
    const { name, also } = await lazyCluster({ kubeConfig: api.kubeConfig() }).clusterNames(soon());
    expect(name).toBe("cluster-uid");
    expect(also).toEqual([expect.stringMatching(/^authority-[0-9a-f]{32}$/)]);
  });

  test.each([
    ["the credentials do not reach", 403, "Forbidden"],
    ["the API server does not show", 404, "NotFound"],
  ])("a cluster whose kube-system %s is known by who signs for it", async (_, code, reason) => {
    api.answers.set("/api/v1/namespaces/kube-system", apiStatus(code, reason, "x"));
    const name = async () => (await lazyCluster({ kubeConfig: api.kubeConfig() }).clusterNames(soon())).name;
    expect(await name()).toMatch(/^authority-[0-9a-f]{32}$/);
    expect(await name()).toBe(await name());
  });

  test("a cluster that cannot be asked has no name", async () => {
    api.answers.set("/api/v1/namespaces/kube-system", apiStatus(503, "x", "x"));
    expect(await failure((cluster) => cluster.clusterNames(soon()))).toStartWith("11 ");
  });

  test("absence is an answer", async () => {
    expect(await getPod(lazyCluster({ kubeConfig: api.kubeConfig() }))).toBeUndefined();
  });
});

test("what an object says null to is absent, as in Go", async () => {
  const metadata = { annotations: null, labels: null, deletionTimestamp: null, ownerReferences: null };
  api.answers.set(POD, {
    metadata: { ...metadata, name: "db-0", namespace: "default", uid: "u1" },
    spec: null,
  });
  const pod = await getPod(lazyCluster({ kubeConfig: KUBECONFIG }));
  expect(pod).toMatchObject({
    annotations: {},
    labels: {},
    deleting: false,
    ownerReferences: [],
    podIPs: [],
  });
  expect(pod).not.toHaveProperty("nodeName");
});

describe("answers that break off are worth another try", () => {
  test("in the middle of an object", async () => {
    api.answers.set(POD, new Response('{"metadata": {"name": "db-0", "uid'));
    expect(await failure(getPod)).toStartWith(
      `11 the API server at ${api.server} cannot be reached: the answer broke off`,
    );
  });

  test("with a body that never comes", async () => {
    api.answers.set(
      POD,
      () => new Response(new ReadableStream({ start: (body) => body.enqueue('{"metadata":') })),
    );
    const patience = performance.now() + 300;
    expect(await failure((cluster) => cluster.pod(db0, patience))).toStartWith(
      `11 the API server at ${api.server} gave no answer in time`,
    );
  });
});

test("a password in the server's URL is sent, and never told", async () => {
  const server = api.server.replace("//", "//reader:s%40cret@");
  const kubeConfig = api.kubeConfig({}, { server });
  api.answers.set(POD, apiStatus(401, "Unauthorized", ""));
  expect(await failure(getPod, kubeConfig)).not.toContain("cret@");
  expect(api.requests[0]?.authorization).toBe(`Basic ${btoa("reader:s@cret")}`);
});

describe("EVIDENCE: absence is only what an API server says", () => {
  test.each([
    ["a proxy's 404", new Response("404 page not found", { status: 404 })],
    ["JSON of something else", Response.json({ error: "NotFound" }, { status: 404 })],
    ["an object of something else", Response.json({ hello: "world" })],
    ["a page", new Response("<html>")],
  ])("%s", async (_name, answer) => {
    api.answers.set(POD, answer);
    expect(await failure(getPod)).toBe(
      `104 ${api.server}${POD} did not answer as a Kubernetes API server does; check the server address in ` +
        `${KUBECONFIG}: API servers speak https as a rule`,
    );
  });
});

describe("refusals", () => {
  test("403 names verb, resource, namespace, and the rule that would fix it", async () => {
    const said =
      'pods "db-0" is forbidden: User "u" cannot get resource "pods" in API group "" in the namespace "default"';
    api.answers.set(POD, apiStatus(403, "Forbidden", said));
    expect(await failure(getPod)).toBe(
      `104 Kubernetes does not allow this account to get pods in namespace default; ${said}; bind a ClusterRole with the rule ` +
        '{apiGroups: [""], resources: ["pods"], verbs: ["get"]}: deploy/rbac/plugin.yaml has all that kube-ipam needs',
    );
    api.answers.set("/api/v1/nodes/n1", apiStatus(403, "Forbidden", ""));
    expect(await failure((cluster) => cluster.node("n1", soon()))).toBe(
      '104 Kubernetes does not allow this account to get nodes in the cluster; bind a ClusterRole with the rule {apiGroups: [""], ' +
        'resources: ["nodes"], verbs: ["get"]}: deploy/rbac/plugin.yaml has all that kube-ipam needs',
    );
  });

  test("401 names the file and no secret", async () => {
    api.answers.set(POD, apiStatus(401, "Unauthorized", "Unauthorized"));
    const text = await failure(getPod);
    expect(text).toBe(
      `104 the API server at ${api.server} does not accept the credentials in ${KUBECONFIG} ` +
        "(401); the token or client certificate is wrong, revoked or expired: renew it",
    );
  });

  test.each([429, 500, 503])("%i is worth another try", async (code) => {
    api.answers.set(POD, apiStatus(code, "x", "x"));
    expect(await failure(getPod)).toBe(
      `11 the API server at ${api.server} could not answer (HTTP ${code}); asked for pods db-0; it is overloaded, starting or ` +
        "in trouble; try again",
    );
  });

  test("a server that is not there is worth another try", async () => {
    const gone = startFakeApi();
    const kubeConfig = gone.kubeConfig();
    writeFileSync(join(api.folder, "gone"), await Bun.file(kubeConfig).text());
    gone.close();
    expect(await failure(getPod, join(api.folder, "gone"))).toStartWith(
      `11 the API server at ${gone.server} cannot be reached: `,
    );
  });

  test("BOUNDED: a silent server costs no more than the deadline", async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    api.answers.set(POD, () => released.then(() => new Response()));
    expect(await failure((cluster) => cluster.pod(db0, performance.now() + 300))).toBe(
      `11 the API server at ${api.server} gave no answer in time; asked for ${POD}`,
    );
    release();
  });

  test("a redirect is not followed: it could lead the token elsewhere", async () => {
    api.answers.set(POD, new Response("", { status: 302, headers: { Location: `${api.server}/elsewhere` } }));
    expect(await failure(getPod)).toContain("104 ");
    expect(await failure(getPod)).toContain("did not answer as a Kubernetes API server does");
    expect(api.requests.map(({ path }) => path)).toEqual([POD, POD]);
  });

  test("what speaks TLS alone is no server of this address; a refusal of the API server's own may pass", async () => {
    const said = "Client sent an HTTP request to an HTTPS server.\n";
    api.answers.set(POD, new Response(said, { status: 400 }));
    expect(await failure(getPod)).toStartWith(
      `104 ${api.server}${POD} did not answer as a Kubernetes API server does`,
    );
    api.answers.set(POD, apiStatus(400, "BadRequest", "x"));
    expect(await failure(getPod)).toStartWith("11 ");
  });
});
