import { Command } from "commander";
import { EXIT_CODE_HELP, exitCodeOf, printFailure } from "../../command-line/failure.ts";
import { type Done, prepareAll, runCommands } from "../../command-line/run-commands.ts";
import { addAddressCommands } from "../ip/commands.ts";
import { kubectlAccess } from "./access.ts";
import { addRemoteWhy } from "./why.ts";

/**
 * `kubectl ipam …`: the operators' commands from wherever kubectl works, under the caller's own rights.
 *
 * @returns the exit code. Never throws.
 */
export async function runKubectlPlugin(args: readonly string[]): Promise<number> {
  try {
    return await runCommands(args.length === 0 ? ["--help"] : args, (done) => {
      const program = describeKubectl(new Command("kubectl ipam"), done);
      prepareAll(program);
      return program;
    });
  } catch (failure) {
    printFailure(failure, inKubectlsWords);
    return exitCodeOf(failure);
  }
}

/** The commands of `kubectl ipam`, under whichever name. */
export function describeKubectl(program: Command, done: Done): Command {
  program
    .description("addresses of pods: who has them, who will have them again, and why a pod has none")
    .usage("COMMAND [OPTIONS]")
    .helpOption("-h, --help", "show this help")
    .helpCommand("help [command]", "show the help of a command")
    .addHelpText("after", `\n${EXIT_CODE_HELP}`);
  addAddressCommands(program, kubectlAccess, done);
  addRemoteWhy(program, done);
  return program;
}

/** Errors name the command that helps as the node's operator types it. */
function inKubectlsWords(text: string): string {
  return text.replaceAll("kube-ipam ip ", "kubectl ipam ").replaceAll("kube-ipam why ", "kubectl ipam why ");
}
