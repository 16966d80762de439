import { Command, CommanderError, InvalidArgumentError } from "commander";
import { EXIT_CODES } from "../cli/failure.ts";
import { prepareAll } from "../cli/run-commands.ts";
import { printDaemonFailure } from "../runtime/daemon.ts";
import { type ControllerOptions, runController } from "./controller.ts";

const CLOSING = `
Replicas agree on one leader by the Lease of the service's name; only the leader frees, ends
reservations and counts pools, and every replica serves. SIGTERM gives the lead up at once.
docs/controller.md tells what it needs and does.`;

/** `kube-ipam controller`: the exit code, once it has ended. */
export async function controllerCommand(args: readonly string[]): Promise<number> {
  let exitCode: number = EXIT_CODES.done;
  const command = makeCommand(async (options) => {
    exitCode = await runController(options);
  });
  try {
    await command.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (failure) {
    if (failure instanceof CommanderError) return failure.exitCode === 0 ? EXIT_CODES.done : EXIT_CODES.usage;
    printDaemonFailure("kube-ipam controller", failure);
    return EXIT_CODES.failed;
  }
}

function seconds(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0 && value <= 3_600) return value;
  throw new InvalidArgumentError("expected a number of seconds up to 3600, such as 30");
}

function makeCommand(run: (options: ControllerOptions) => Promise<void>): Command {
  const command = new Command("kube-ipam controller")
    .description("looks after a cluster: frees what fenced nodes hold, ends reservations, counts, serves")
    .option(
      "--config <file>",
      "store and pools, in the format of the node's file (default: $KUBE_IPAM_CONFIG, else /etc/kube-ipam/config.json)",
    )
    .option(
      "--kubeconfig <file>",
      "how to reach Kubernetes (default: the configuration's kubeConfig, else the service account of the own pod)",
    )
    .option("--namespace <name>", "where its Lease and Secret lie (default: the own pod's, else kube-ipam)")
    .option("--listen <host:port>", "HTTP: /healthz, /readyz, /metrics")
    .option("--listen-tls <host:port>", "HTTPS: admission and the operators' API")
    .option("--interval <seconds>", "how often the leader looks for what has changed", seconds, 30)
    .option("--service <name>", "the Service by which it is reached", "kube-ipam-controller")
    .helpOption("-h, --help", "show this help")
    .addHelpText("after", CLOSING)
    .action(run);
  prepareAll(command);
  return command;
}
