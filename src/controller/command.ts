import { Command, CommanderError } from "commander";
import { EXIT_CODES } from "../command-line/failure.ts";
import { prepareAll } from "../command-line/run-commands.ts";
import { printDaemonFailure } from "../runtime/daemon.ts";
import { describeController } from "./command-line.ts";
import { type ControllerOptions, runController } from "./controller.ts";

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

function makeCommand(run: (options: ControllerOptions) => Promise<void>): Command {
  const command = describeController(new Command("kube-ipam controller")).action(run);
  prepareAll(command);
  return command;
}
