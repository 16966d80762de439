import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { IpamError } from "../../ipam/errors.ts";
import type { Access } from "./access.ts";

/** Where the kubelet puts what a pod's service account needs: token, ca.crt and namespace. */
export const MOUNTED = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Whether this is a pod with a service account. */
export function isInPod(): boolean {
  return serverOfPod() !== undefined;
}

/**
 * The way to the API server that every pod with a service account has (client-go's InClusterConfig).
 *
 * @throws IpamError kubernetesRefused where this is no such pod.
 */
export function serviceAccount(): Access {
  const server = serverOfPod();
  if (server === undefined) {
    throw new IpamError(
      "kubernetesRefused",
      "no kubeConfig is configured, and this is not a pod with a service account",
      "name a kubeConfig in the network or in the node's file; a command takes it by --kubeconfig",
    );
  }
  return {
    server,
    isUnverified: false,
    authority: { key: "ca.crt", path: join(MOUNTED, "ca.crt") },
    token: { key: "token file", path: join(MOUNTED, "token") },
    namespace: namespaceOf(join(MOUNTED, "namespace")),
  };
}

/** The API server as a pod with a service account is told it; undefined elsewhere. */
function serverOfPod(): string | undefined {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
  if (!host || !port || !existsSync(join(MOUNTED, "token"))) return undefined;
  return `https://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function namespaceOf(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8").trim() : undefined;
}
