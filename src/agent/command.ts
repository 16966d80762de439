import { Command, CommanderError } from "commander";
import { EXIT_CODES } from "../command-line/failure.ts";
import { prepareAll } from "../command-line/run-commands.ts";
import { printDaemonFailure } from "../runtime/daemon.ts";
import { runAgent } from "./agent.ts";
import { type AgentCommandOptions, describeAgent } from "./command-line.ts";

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

function makeCommand(action: (options: AgentCommandOptions) => Promise<void>): Command {
  const command = describeAgent(new Command("kube-ipam agent")).action(action);
  prepareAll(command);
  return command;
}

function run({ socket, listen, hostKubeconfig, hostEtcd }: AgentCommandOptions): Promise<number> {
  return runAgent({
    socket,
    ...(listen !== undefined && { listen }),
    host: {
      ...(hostKubeconfig !== undefined && { kubeconfig: hostKubeconfig }),
      ...(hostEtcd && { etcd: hostEtcd }),
    },
  });
}
