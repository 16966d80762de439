import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { IpamError } from "../../ipam/errors.ts";
import type { Access } from "./access.ts";

const MOUNTED = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * The way to the API server that every pod with a service account has (client-go's InClusterConfig).
 *
 * @throws IpamError kubernetesRefused where this is no such pod.
 */
export function serviceAccount(): Access {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
  if (!host || !port || !existsSync(join(MOUNTED, "token"))) {
    throw new IpamError(
      "kubernetesRefused",
      "no kubeConfig is configured, and this is not a pod with a service account",
      "name a kubeConfig in the network or in the node's file; a command takes it by --kubeconfig",
    );
  }
  return {
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    isUnverified: false,
    authority: { key: "ca.crt", path: join(MOUNTED, "ca.crt") },
    token: { key: "token file", path: join(MOUNTED, "token") },
    namespace: namespaceOf(join(MOUNTED, "namespace")),
  };
}

function namespaceOf(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8").trim() : undefined;
}
