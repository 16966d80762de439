import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type RequestedToken, requestToken } from "../kubernetes/api/request-token.ts";
import { place } from "./place.ts";

/** Where `kube-ipam install` expects credentials below the folder of the node's file. */
const KUBECONFIG = "kubeconfig";
const ETCD = "etcd";

/** The plugin's own service account: it may get single objects, and nothing else (deploy/rbac/plugin.yaml). */
const ACCOUNT = "kube-ipam";

/**
 * Writes a kubeconfig for the plugin that the runtime starts, with a token that ends by itself; root's
 * alone.
 *
 * @returns seconds from now until the token is void.
 * @throws IpamError tryAgain or kubernetesRefused; Error of the file system. The old file stands then.
 */
export async function writeKubeconfig(path: string, node: string, lifetime: number): Promise<number> {
  const granted = await requestToken({ account: ACCOUNT, node, expirationSeconds: lifetime });
  place(dirname(path), basename(path), { text: `${JSON.stringify(kubeconfigOf(granted))}\n` }, 0o600);
  return granted.seconds;
}

/**
 * Copies the files of a mounted Secret that differ from what is there; root's alone. A Secret's files
 * are links that are changed in one step, so a reader may find two files of two ages for a moment: it
 * must try again, as with any certificates that are renewed.
 *
 * @returns the names of what was copied.
 * @throws Error of the file system.
 */
export function copySecret(from: string, to: string): string[] {
  const names = readdirSync(from).filter((name) => !name.startsWith(".") && isFile(join(from, name)));
  return names.filter((name) => {
    const text = readFileSync(join(from, name), "utf8");
    if (text === textOf(join(to, name))) return false;
    place(to, name, { text }, 0o600);
    return true;
  });
}

/** Where the plugin must not reach the store by itself, no credential of an earlier time may stay. */
export function removeCredentials(etcDir: string): void {
  rmSync(join(etcDir, KUBECONFIG), { force: true });
  // Never the folder: a running agent may have a Secret mounted there, and would lose it.
  for (const name of namesIn(join(etcDir, ETCD))) rmSync(join(etcDir, ETCD, name), { force: true });
}

function kubeconfigOf({ token, server, ca }: RequestedToken): object {
  const name = "kube-ipam";
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server, "certificate-authority-data": btoa(ca) } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  };
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
