import { basename, resolve } from "node:path";
import type { KubeConfig } from "@kubernetes/client-node";
import { requireRegularFile } from "../../files/regular-file.ts";
import type { ExecSettings } from "./exec-plugin.ts";

/**
 * `tokenFile` (client-go's AuthInfo) is a key that the client library does not know. It is read
 * anew once a minute, so that rotated tokens are taken up, and counts before `token`.
 */
export function completeTokenFiles(config: KubeConfig, document: object, folder: string): void {
  const users = listOf(document, "users");
  config.users = config.users.map((user) => {
    const entry = users.find((candidate) => field(candidate, "name") === user.name);
    const tokenFile = field(field(entry, "user"), "tokenFile");
    if (typeof tokenFile !== "string" || tokenFile === "") return user;
    const { token: _, ...rest } = user;
    return {
      ...rest,
      authProvider: { name: "tokenFile", config: { tokenFile: resolve(folder, tokenFile) } },
    };
  });
}

/**
 * client-go takes a server without TLS (`kubectl proxy`) as it is; the client library wants to be told
 * that there is no certificate to verify.
 */
export function completePlainServers(config: KubeConfig): void {
  config.clusters = config.clusters.map((cluster) =>
    /^http:/i.test(cluster.server) ? { ...cluster, skipTLSVerify: true } : cluster,
  );
}

/** The client library waits for whatever its files are. @throws Error naming one that is none. */
export function requireFiles(config: KubeConfig): void {
  const user = config.getCurrentUser();
  const token = field(user?.authProvider?.config, "tokenFile");
  for (const path of [config.getCurrentCluster()?.caFile, user?.certFile, user?.keyFile, token])
    if (typeof path === "string") requireRegularFile(path);
}

/**
 * What client-go does for exec plugins and the client library does not: a command with a slash is
 * relative to the kubeconfig's folder, and the plugin is told what it is asked for
 * (KUBERNETES_EXEC_INFO, client.authentication.k8s.io).
 */
export function completeExec(config: KubeConfig, folder: string): void {
  config.users = config.users.map((user) => {
    const { exec } = user;
    if (exec === undefined || exec === null) return user;
    const command = basename(exec.command) === exec.command ? exec.command : resolve(folder, exec.command);
    const info = { name: "KUBERNETES_EXEC_INFO", value: JSON.stringify(execInfo(config, exec)) };
    return { ...user, exec: { ...exec, command, env: [...(exec.env ?? []), info] } };
  });
}

/** Takes the current user's exec plugin out of the client library's hands: it would never end one. */
export function takeExec(config: KubeConfig): ExecSettings | undefined {
  const user = config.getCurrentUser();
  const exec: ExecSettings | undefined = user?.exec ?? undefined;
  config.users = config.users.map((each) => (each.name === user?.name ? { ...each, exec: undefined } : each));
  return exec;
}

function execInfo(config: KubeConfig, exec: { apiVersion?: string; provideClusterInfo?: boolean }): unknown {
  const cluster = config.getCurrentCluster();
  const server = {
    server: cluster?.server,
    "certificate-authority-data": cluster?.caData,
    "tls-server-name": cluster?.tlsServerName,
    "insecure-skip-tls-verify": cluster?.skipTLSVerify,
  };
  return {
    kind: "ExecCredential",
    apiVersion: exec.apiVersion ?? "client.authentication.k8s.io/v1",
    spec: { interactive: false, ...(exec.provideClusterInfo === true && { cluster: server }) },
  };
}

function listOf(value: unknown, name: string): unknown[] {
  const list = field(value, name);
  return Array.isArray(list) ? list : [];
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
