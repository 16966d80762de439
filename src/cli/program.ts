import { Command } from "commander";
import { ABOUT } from "./about.ts";
import { addCheckCommand } from "./check/commands.ts";
import { addCompletionCommand } from "./completion.ts";
import { addDoctorCommand } from "./doctor/commands.ts";
import { EXIT_CODE_HELP } from "./failure.ts";
import { addGcCommand } from "./gc/commands.ts";
import { addInstallCommand } from "./install/commands.ts";
import { addIpCommands } from "./ip/commands.ts";
import { MAIN_PLUGINS } from "./outputconf/configurations.ts";
import { addRecoverCommand } from "./recover/commands.ts";
import { type Done, prepareAll, runCommands } from "./run-commands.ts";
import { addMoveCommands, addStoreCommands } from "./store/commands.ts";
import { addWhyCommand } from "./why/commands.ts";

/** The commands, with commander: loaded only where there is something to parse. */
export function runProgram(args: readonly string[], closing: string): Promise<number> {
  return runCommands(args, (done) => makeProgram(closing, done));
}

/** src/main.ts starts them; they need none of what is here. */
const DAEMONS = `Daemons:
  agent [--socket PATH] [--listen HOST:PORT]  keeps the store warm on this node and answers the plugin
        [--host-kubeconfig PATH]              in a pod: keeps a kubeconfig for the plugin on the host
        [--host-etcd FROM:TO]                 in a pod: keeps a Secret's files on the host
  controller [OPTIONS]                        looks after the cluster; see 'kube-ipam controller --help'

From a laptop with only a kubeconfig:
  kubectl COMMAND                             as kubectl's plugin; see 'kube-ipam kubectl --help'`;

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
  addMoveCommands(program, done);
  addRecoverCommand(program, done);
  addCheckCommand(program, done);
  addWhyCommand(program, done);
  addGcCommand(program, done);
  addDoctorCommand(program, done);
  addCompletionCommand(program);
  addInstallCommand(program, done);
  prepareAll(program);
  return program;
}
