import { writeFileSync } from "node:fs";
import { kubeConfigText } from "../../src/kubernetes/testing/kubeconfig.ts";
import { addressOf, bootOf, CLUSTER, type Fill, nodeOf, ownerOf, podOf } from "./filled-etcd.ts";

/** A stand-in for the API server of the cluster that `fillEtcd` writes of, on loopback. */
export interface FilledKubernetes extends Disposable {
  readonly kubeconfig: string;
  /** How many requests it has answered. */
  requests(): number;
}

/** Answers lists of pods and nodes page by page, and single pods, nodes and StatefulSets. */
export function filledKubernetes(fill: Fill, kubeconfig: string): FilledKubernetes {
  let requests = 0;
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      requests += 1;
      return answer(new URL(request.url), fill);
    },
  });
  writeFileSync(kubeconfig, kubeConfigText({ server: `http://127.0.0.1:${server.port}` }, { token: "t" }));
  return {
    kubeconfig,
    requests: () => requests,
    [Symbol.dispose]: () => void server.stop(true),
  };
}

function answer({ pathname, searchParams }: URL, fill: Fill): Response {
  const page = { limit: Number(searchParams.get("limit")), from: Number(searchParams.get("continue") ?? 0) };
  if (pathname === "/api/v1/pods") return list(fill.allocations, page, (n) => pod(n, fill));
  if (pathname === "/api/v1/nodes") return list(fill.nodes, page, node);
  if (pathname === "/api/v1/namespaces/kube-system")
    return Response.json({ metadata: { name: "kube-system", uid: CLUSTER } });
  const [, name = ""] = /^\/apis\/apps\/v1\/namespaces\/[^/]+\/statefulsets\/app-(\d+)$/.exec(pathname) ?? [];
  if (name !== "") return Response.json(object(ownerOf(2 * Number(name)), { spec: {} }));
  const body = { kind: "Status", apiVersion: "v1", status: "Failure", reason: "NotFound", code: 404 };
  return Response.json({ ...body, message: `no ${pathname}` }, { status: 404 });
}

interface Page {
  readonly limit: number;
  readonly from: number;
}

function list(count: number, { limit, from }: Page, make: (n: number) => object): Response {
  const end = limit > 0 ? Math.min(count, from + limit) : count;
  const items = Array.from({ length: end - from }, (_, index) => make(from + index));
  return Response.json({ metadata: end < count ? { continue: String(end) } : {}, items });
}

function pod(n: number, fill: Fill): object {
  const { kind, name, uid } = ownerOf(n);
  const ownerReferences = [{ apiVersion: "apps/v1", kind, name, uid, controller: true }];
  return object(podOf(n), {
    metadata: {
      ...podOf(n),
      ownerReferences,
      labels: { app: name, "controller-revision-hash": "5d8f6c7b9d" },
    },
    spec: { nodeName: nodeOf(n, fill), containers: [{ name: "app", image: "registry.example/app:1.0" }] },
    status: { phase: "Running", podIP: addressOf(n), podIPs: [{ ip: addressOf(n) }] },
  });
}

function node(n: number): object {
  const metadata = { name: nodeOf(n, { nodes: n + 1 }), uid: bootOf(n).replace("b0", "0d") };
  const conditions = [{ type: "Ready", status: "True" }];
  return object(metadata, { spec: {}, status: { conditions, nodeInfo: { bootID: bootOf(n) } } });
}

function object(metadata: object, rest: object): object {
  return { metadata, ...rest };
}
