import { type Command, InvalidArgumentError } from "commander";
import { withExamples } from "../command-line/common-options.ts";
import type { HostCredentialsOptions } from "./host-credentials.ts";

export const DEFAULT_SOCKET = "/run/kube-ipam/agent.sock";

/** The options as given. */
export interface AgentCommandOptions {
  readonly socket: string;
  readonly listen?: string;
  readonly hostKubeconfig?: string;
  readonly hostEtcd?: HostCredentialsOptions["etcd"];
}

const CLOSING = `
The shim (kube-ipam-shim, which 'kube-ipam install' installs) passes the runtime's calls to the agent.
Without an agent the complete plugin does the work. On SIGTERM the agent lets running verbs end. Store
and cluster are those in the networks' configurations. docs/agent.md has the rest.`;

/** The options and help of `kube-ipam agent`, without any code of the agent. */
export function describeAgent(command: Command): Command {
  command
    .description(
      "run this node's daemon: answer the plugin with store and Kubernetes kept open, and free what dead sandboxes hold",
    )
    .option("--socket <path>", "Unix socket for the shim; only root may connect", DEFAULT_SOCKET)
    .option("--listen <host:port>", "HTTP: /healthz, /readyz, /metrics")
    .option("--host-kubeconfig <path>", "in a pod: keep a kubeconfig for the plugin on the host")
    .option("--host-etcd <from:to>", "in a pod: keep a Secret's files on the host", folders)
    .helpOption("-h, --help", "show this help")
    .addHelpText("after", CLOSING)
    .allowExcessArguments(false);
  withExamples(command, [
    ["kube-ipam agent --listen 127.0.0.1:9467", "on a node, as deploy/systemd/kube-ipam-agent.service does"],
  ]);
  return command;
}

function folders(text: string): HostCredentialsOptions["etcd"] {
  const [from, to, ...rest] = text.split(":");
  if (from && to && rest.length === 0) return { from, to };
  throw new InvalidArgumentError("expected two folders, as /from:/to");
}
