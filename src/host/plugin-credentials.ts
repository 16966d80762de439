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
 * Writes a kubeconfig for the plugin that the runtime starts, readable by root alone, with a token that
 * expires.
 *
 * @param lifetime seconds to ask for.
 * @returns seconds from now until the token expires.
 * @throws IpamError tryAgain or kubernetesRefused; Error of the file system. The old file stays then.
 */
export async function writeKubeconfig(path: string, node: string, lifetime: number): Promise<number> {
  const granted = await requestToken({ account: ACCOUNT, node, expirationSeconds: lifetime });
  place(dirname(path), basename(path), { text: `${JSON.stringify(kubeconfigOf(granted))}\n` }, 0o600);
  return granted.seconds;
}

/**
 * Copies those files of a mounted Secret that have changed, readable by root alone. They are copied one
 * by one, so a reader may find two files of different age for a moment and must then try again.
 *
 * @returns the names of the copied files.
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

/** Removes the plugin's credentials from the host, for a node where it must not reach the store by itself. */
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
