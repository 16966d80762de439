import { exitCodeOf, printFailure } from "../command-line/failure.ts";
import { printOut } from "../command-line/print.ts";
import { PROTOCOL_LINE, printUsage, versionText } from "./about.ts";
import { printConfiguration } from "./outputconf/print-configuration.ts";

/** The flags that kube-ipam 0.2 spelt with one hyphen, as Go programs do. */
const ONE_HYPHEN = /^-(help|version|outputconf)(=.*)?$/;

/**
 * Runs the command line. Data goes to stdout, messages for people go to stderr.
 *
 * @returns the exit code (see `EXIT_CODES` in failure.ts). Never throws.
 */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  try {
    return await dispatch(args.map((arg) => (ONE_HYPHEN.test(arg) ? `-${arg}` : arg)));
  } catch (failure) {
    printFailure(failure);
    return exitCodeOf(failure);
  }
}

async function dispatch(args: readonly string[]): Promise<number> {
  const [first] = args;
  if (first === undefined) return printUsage();
  if (first === "--version") return printOut(versionText());
  if (first === "--outputconf" || first.startsWith("--outputconf=")) return printConfiguration(args);
  const { runProgram } = await import("./program.ts");
  return runProgram(args, PROTOCOL_LINE);
}
