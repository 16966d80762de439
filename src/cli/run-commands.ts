import { type Command, CommanderError } from "commander";
import { readCallersPipes } from "../files/regular-file.ts";
import { pathOf } from "./common-options.ts";
import { EXIT_CODES } from "./failure.ts";
import { printErr, printOut } from "./print.ts";

/** What a command that has run answers: the exit code. */
export type Done = (exitCode: number) => void;

/** Parses a command line and does what it says; answers the exit code. */
export async function runCommands(
  args: readonly string[],
  makeProgram: (done: Done) => Command,
): Promise<number> {
  readCallersPipes();
  let exitCode = 0;
  const program = makeProgram((code) => (exitCode = code));
  try {
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (failure) {
    if (!(failure instanceof CommanderError)) throw failure;
    return failure.exitCode === 0 ? EXIT_CODES.done : EXIT_CODES.usage;
  }
}

/** Makes all commands of a program print and end as ours do. */
export function prepareAll(program: Command): void {
  for (const command of withChildren(program)) prepare(command);
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
