import type { Command } from "commander";
import { describeAgent } from "../agent/command-line.ts";
import { pathOf } from "../command-line/common-options.ts";
import { UsageError } from "../command-line/failure.ts";
import type { Done } from "../command-line/run-commands.ts";
import { describeController } from "../controller/command-line.ts";
import { describeKubectl } from "./kubectl/program.ts";

/** Adds the roles that src/main.ts starts by their first word, so that help and completion know them. */
export function addRoles(program: Command, done: Done): void {
  for (const command of [
    describeAgent(program.command("agent")),
    describeController(program.command("controller")),
  ])
    command.action(() => {
      throw new UsageError(
        `'${command.name()}' must be the first word of the command line`,
        `see '${pathOf(command)} --help'`,
      );
    });
  describeKubectl(program.command("kubectl"), done);
}
