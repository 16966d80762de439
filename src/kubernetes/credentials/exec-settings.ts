import { basename, resolve } from "node:path";
import type { ExecSettings } from "./exec-plugin.ts";
import type { ClusterEntry, ExecEntry } from "./kubeconfig-shape.ts";

/**
 * A kubeconfig's exec plugin as it is started: a command with a slash is relative to the kubeconfig's
 * folder, and the plugin is told what it is asked for (KUBERNETES_EXEC_INFO, client.authentication.k8s.io).
 */
export function execSettings(entry: ExecEntry, cluster: ClusterEntry, folder: string): ExecSettings {
  const { args, command, env } = entry;
  const info = { name: "KUBERNETES_EXEC_INFO", value: JSON.stringify(execInfo(entry, cluster)) };
  return {
    command: basename(command) === command ? command : resolve(folder, command),
    args: args ?? [],
    env: [...(env ?? []), info],
  };
}

function execInfo({ apiVersion, provideClusterInfo }: ExecEntry, cluster: ClusterEntry): unknown {
  const server = {
    server: cluster.server,
    "certificate-authority-data": cluster["certificate-authority-data"],
    "tls-server-name": cluster["tls-server-name"],
    "insecure-skip-tls-verify": cluster["insecure-skip-tls-verify"] ?? false,
  };
  return {
    kind: "ExecCredential",
    apiVersion: apiVersion ?? "client.authentication.k8s.io/v1",
    spec: { interactive: false, ...(provideClusterInfo === true && { cluster: server }) },
  };
}
