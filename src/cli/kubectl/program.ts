import { Command } from "commander";
import { EXIT_CODE_HELP, exitCodeOf, printFailure } from "../../command-line/failure.ts";
import { type Done, prepareAll, runCommands } from "../../command-line/run-commands.ts";
import { addAddressCommands } from "../ip/commands.ts";
import { kubectlAccess } from "./access.ts";
import { addRemoteWhy } from "./why.ts";

/**
 * Runs `kubectl ipam …`: the operators' commands wherever kubectl works, with the caller's own rights.
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

/** Adds the commands of `kubectl ipam` to a program. */
export function describeKubectl(program: Command, done: Done): Command {
  program
    .description("list, show, reserve and release addresses of pods, through the controller")
    .usage("COMMAND [OPTIONS]")
    .helpOption("-h, --help", "show this help")
    .helpCommand("help [command]", "show the help of a command")
    .addHelpText("after", `\n${EXIT_CODE_HELP}`);
  addAddressCommands(program, kubectlAccess, done);
  addRemoteWhy(program, done);
  return program;
}

/** Messages name commands as they are typed on a node. */
function inKubectlsWords(text: string): string {
  return text.replaceAll("kube-ipam ip ", "kubectl ipam ").replaceAll("kube-ipam why ", "kubectl ipam why ");
}
