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
    await program.parseAsync(asked(args, program), { from: "user" });
    return exitCode;
  } catch (failure) {
    if (!(failure instanceof CommanderError)) throw failure;
    return failure.exitCode === 0 ? EXIT_CODES.done : EXIT_CODES.usage;
  }
}

/**
 * The arguments as commander should have them: `help a b` is `a b --help`, and a command that is none is
 * an error also where its help is asked for.
 */
function asked(args: readonly string[], program: Command): string[] {
  const path: string[] = [];
  let at = program;
  for (const [index, word] of args.entries()) {
    if (word.startsWith("-") || at.commands.length === 0) return [...args];
    if (word === "help") return asked([...path, ...args.slice(index + 1), "--help"], program);
    const next = at.commands.find((each) => each.name() === word || each.aliases().includes(word));
    if (next === undefined) return [...path, word];
    path.push(word);
    at = next;
  }
  return [...args];
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
