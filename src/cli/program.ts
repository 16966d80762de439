import { Command, Option } from "commander";
import { EXIT_CODE_HELP } from "../command-line/failure.ts";
import { type Done, prepareAll, runCommands } from "../command-line/run-commands.ts";
import { ABOUT } from "./about.ts";
import { addCheckCommand } from "./check/commands.ts";
import { addCompletionCommand } from "./completion.ts";
import { addDoctorCommand } from "./doctor/commands.ts";
import { addGcCommand } from "./gc/commands.ts";
import { addInstallCommand } from "./install/commands.ts";
import { addIpCommands } from "./ip/commands.ts";
import { MAIN_PLUGINS } from "./outputconf/configurations.ts";
import { addRecoverCommand } from "./recover/commands.ts";
import { addRoles } from "./roles.ts";
import { addMoveCommands, addStoreCommands } from "./store/commands.ts";
import { addWhyCommand } from "./why/commands.ts";

/** Runs a command with commander, which is loaded only for this. `closing` ends the help. Returns the exit code. */
export function runProgram(args: readonly string[], closing: string): Promise<number> {
  return runCommands(args, (done) => makeProgram(closing, done));
}

/** All commands, none of them run. */
export function makeProgram(closing: string, done: Done): Command {
  const program = new Command("kube-ipam")
    .description(ABOUT)
    .usage("COMMAND [OPTIONS]")
    .option("--version", "print version and release date")
    .addOption(
      new Option("--outputconf <plugin>", "print a configuration to start from").choices(MAIN_PLUGINS),
    )
    .helpOption("-h, --help", "show this help")
    .helpCommand("help [command]", "show the help of a command")
    .addHelpText("after", `\n${EXIT_CODE_HELP}\n\n${closing}`);
  addIpCommands(program, done);
  addStoreCommands(program, done);
  addMoveCommands(program, done);
  addRecoverCommand(program, done);
  addCheckCommand(program, done);
  addWhyCommand(program, done);
  addGcCommand(program, done);
  addDoctorCommand(program, done);
  addCompletionCommand(program);
  addInstallCommand(program, done);
  addRoles(program, done);
  prepareAll(program);
  return program;
}
