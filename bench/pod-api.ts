import { readFileSync, writeFileSync } from "node:fs";
import { makeAuthority } from "../test/kit/certificates.ts";
import type { Folder } from "../test/kit/folder.ts";

/** What a runtime says of the pod that every name in this namespace is. */
export const POD_ARGS = "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=p;K8S_POD_UID=u1";

/**
 * An API server over TLS that knows one pod and what its cluster is called; the path of a kubeconfig for it, with a
 * token, lies in `folder`.
 *
 * @param annotations of the pod.
 */
export async function startPodApi(folder: Folder, annotations: Readonly<Record<string, string>>) {
  const authority = await makeAuthority(folder.path, "api-ca");
  const { certFile, keyFile } = await authority.issue({ name: "api", hosts: ["127.0.0.1"] });
  const answers: Readonly<Record<string, object>> = {
    "/pods/p": { metadata: { name: "p", namespace: "default", uid: "u1", annotations }, spec: {} },
    "/namespaces/kube-system": { metadata: { name: "kube-system", uid: "bench" } },
  };
  const api = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    tls: { cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") },
    fetch: ({ url }) => {
      const [, answer] = Object.entries(answers).find(([end]) => url.endsWith(end)) ?? [];
      return answer === undefined ? new Response("{}", { status: 404 }) : Response.json(answer);
    },
  });
  const ca = readFileSync(authority.caFile).toString("base64");
  const cluster = { server: `https://127.0.0.1:${api.port}`, "certificate-authority-data": ca };
  const kubeConfig = {
    clusters: [{ name: "c", cluster }],
    users: [{ name: "u", user: { token: "t".repeat(900) } }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  };
  const path = folder.file("kubeconfig");
  writeFileSync(path, Bun.YAML.stringify(kubeConfig, null, 2));
  return { kubeConfig: path, stop: () => api.stop(true) };
}
