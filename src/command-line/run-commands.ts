import { type Command, CommanderError } from "commander";
import { readCallersPipes } from "../files/regular-file.ts";
import { pathOf } from "./common-options.ts";
import { EXIT_CODES } from "./failure.ts";
import { printErrText, printOut } from "./print.ts";

/** A command calls this with its exit code when it has run. */
export type Done = (exitCode: number) => void;

/** Parses a command line and runs the command. Returns the exit code. */
export async function runCommands(
  args: readonly string[],
  makeProgram: (done: Done) => Command,
): Promise<number> {
  readCallersPipes();
  let exitCode = 0;
  const program = makeProgram((code) => (exitCode = code));
  try {
    await program.parseAsync(withHelpOption(args, program), { from: "user" });
    return exitCode;
  } catch (failure) {
    if (!(failure instanceof CommanderError)) throw failure;
    return failure.exitCode === 0 ? EXIT_CODES.done : EXIT_CODES.usage;
  }
}

/**
 * Rewrites the arguments for commander: `help a b` becomes `a b --help`, and an unknown command is an
 * error even with `--help`.
 */
function withHelpOption(args: readonly string[], program: Command): string[] {
  const path: string[] = [];
  let at = program;
  for (const [index, word] of args.entries()) {
    if (word.startsWith("-") || at.commands.length === 0) return [...args];
    if (word === "help") return withHelpOption([...path, ...args.slice(index + 1), "--help"], program);
    const next = at.commands.find((each) => each.name() === word || each.aliases().includes(word));
    if (next === undefined) return [...path, word];
    path.push(word);
    at = next;
  }
  return [...args];
}

/** Makes all commands of a program print and end in the same way. */
export function prepareAll(program: Command): void {
  for (const command of withChildren(program)) prepare(command);
}

function withChildren(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withChildren)];
}

/** Touching process.stdout costs 17 ms, and commander would; errors go to stderr. */
function prepare(command: Command): void {
  const path = pathOf(command);
  command
    .exitOverride()
    .showHelpAfterError(`see '${path} --help'`)
    .configureOutput({
      writeOut: (text) => void printOut(text),
      writeErr: printErrText,
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
}
