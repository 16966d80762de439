import { Command, CommanderError, InvalidArgumentError } from "commander";
import { EXIT_CODES } from "../cli/failure.ts";
import { prepareAll } from "../cli/run-commands.ts";
import { printDaemonFailure } from "../runtime/daemon.ts";
import { DEFAULT_SOCKET, runAgent } from "./agent.ts";
import type { HostCredentialsOptions } from "./host-credentials.ts";

const CLOSING = `
The shim (kube-ipam-shim, put in place by 'kube-ipam install') asks it over the socket; without an
agent the complete plugin does the work. SIGTERM lets verbs under way end. The store and the cluster
are those that the networks' configurations name. docs/agent.md tells what it measures and does.`;

interface Options {
  readonly socket: string;
  readonly listen?: string;
  readonly hostKubeconfig?: string;
  readonly hostEtcd?: HostCredentialsOptions["etcd"];
}

/** `kube-ipam agent`: the exit code, once it has ended. */
export async function agentCommand(args: readonly string[]): Promise<number> {
  let exitCode: number = EXIT_CODES.done;
  const command = makeCommand(async (options) => {
    exitCode = await run(options);
  });
  try {
    await command.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (failure) {
    if (failure instanceof CommanderError) return failure.exitCode === 0 ? EXIT_CODES.done : EXIT_CODES.usage;
    printDaemonFailure("kube-ipam agent", failure);
    return EXIT_CODES.failed;
  }
}

function makeCommand(action: (options: Options) => Promise<void>): Command {
  const command = new Command("kube-ipam agent")
    .description(
      "keeps store and cluster warm on this node, answers the plugin, frees what dead sandboxes hold",
    )
    .option("--socket <path>", "where the shim asks; only root may", DEFAULT_SOCKET)
    .option("--listen <host:port>", "HTTP: /healthz, /readyz, /metrics")
    .option("--host-kubeconfig <path>", "in a pod: keeps a kubeconfig for the plugin on the host")
    .option("--host-etcd <from:to>", "in a pod: keeps a Secret's files on the host", folders)
    .helpOption("-h, --help", "show this help")
    .addHelpText("after", CLOSING)
    .allowExcessArguments(false)
    .action(action);
  prepareAll(command);
  return command;
}

function run({ socket, listen, hostKubeconfig, hostEtcd }: Options): Promise<number> {
  return runAgent({
    socket,
    ...(listen !== undefined && { listen }),
    host: {
      ...(hostKubeconfig !== undefined && { kubeconfig: hostKubeconfig }),
      ...(hostEtcd && { etcd: hostEtcd }),
    },
  });
}

function folders(text: string): HostCredentialsOptions["etcd"] {
  const [from, to, ...rest] = text.split(":");
  if (from && to && rest.length === 0) return { from, to };
  throw new InvalidArgumentError("expected two folders, as /from:/to");
}
