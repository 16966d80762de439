import { Command, CommanderError } from "commander";
import { ABOUT } from "./about.ts";
import { addCheckCommand } from "./check/commands.ts";
import { addCompletionCommand } from "./completion.ts";
import { addDoctorCommand } from "./doctor/commands.ts";
import { EXIT_CODE_HELP, EXIT_CODES } from "./failure.ts";
import { addGcCommand } from "./gc/commands.ts";
import { addInstallCommand } from "./install/commands.ts";
import { addIpCommands } from "./ip/commands.ts";
import { MAIN_PLUGINS } from "./outputconf/configurations.ts";
import { printErr, printOut } from "./print.ts";
import { addRecoverCommand } from "./recover/commands.ts";
import { addStoreCommands } from "./store/commands.ts";
import { addWhyCommand } from "./why/commands.ts";

/** The commands, with commander: loaded only where there is something to parse. */
export async function runProgram(args: readonly string[], closing: string): Promise<number> {
  let exitCode = 0;
  const program = makeProgram(closing, (code) => (exitCode = code));
  try {
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (failure) {
    if (!(failure instanceof CommanderError)) throw failure;
    return failure.exitCode === 0 ? EXIT_CODES.done : EXIT_CODES.usage;
  }
}

/** src/main.ts starts them; they need none of what is here. */
const DAEMONS = `Daemons:
  agent [--socket PATH] [--listen HOST:PORT]  keeps the store warm on this node and answers the plugin
        [--host-kubeconfig PATH]              in a pod: keeps a kubeconfig for the plugin on the host
        [--host-etcd FROM:TO]                 in a pod: keeps a Secret's files on the host
  controller [OPTIONS]                        looks after the cluster; see 'kube-ipam controller --help'`;

/** What a command that has run answers: the exit code. */
export type Done = (exitCode: number) => void;

function makeProgram(closing: string, done: Done): Command {
  const program = new Command("kube-ipam")
    .description(ABOUT)
    .usage("COMMAND [OPTIONS]")
    .option("--version", "print version and release date")
    .option("--outputconf <plugin>", `print a configuration to start from: ${MAIN_PLUGINS.join(", ")}`)
    .helpOption("-h, --help", "show this help")
    .helpCommand("help [command]", "show the help of a command")
    .addHelpText("after", `\n${DAEMONS}\n\n${EXIT_CODE_HELP}\n\n${closing}`);
  addIpCommands(program, done);
  addStoreCommands(program, done);
  addRecoverCommand(program, done);
  addCheckCommand(program, done);
  addWhyCommand(program, done);
  addGcCommand(program, done);
  addDoctorCommand(program, done);
  addCompletionCommand(program);
  addInstallCommand(program, done);
  for (const command of withChildren(program)) prepare(command);
  return program;
}

function withChildren(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withChildren)];
}

/** Touching process.stdout costs 17 ms, and commander would; words of errors go to stderr. */
function prepare(command: Command): void {
  const path = pathOf(command);
  command
    .exitOverride()
    .showHelpAfterError(`see '${path} --help'`)
    .configureOutput({
      writeOut: (text) => void printOut(text),
      writeErr: printErr,
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}
