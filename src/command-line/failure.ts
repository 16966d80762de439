import { IpamError, othersWords } from "../ipam/errors.ts";
import { StoreFailure } from "../ipam/store-port.ts";
import { printErr } from "./print.ts";

/** The exit codes of all commands; --help prints them. */
export const EXIT_CODES = {
  done: 0,
  failed: 1,
  usage: 2,
  absent: 3,
  store: 4,
} as const;

export const EXIT_CODE_HELP = `Exit codes:
  0  done
  1  refused or failed: the error says why and what to do; 'check' or 'doctor' found something wrong
  2  the command line is wrong
  3  nothing has that name or address
  4  the store cannot be used: unreachable, refused, corrupt or full`;

/** The command line itself is wrong. */
export class UsageError extends Error {
  constructor(
    message: string,
    readonly remedy: string,
  ) {
    super(message);
  }
}

/** The thing that the command is about does not exist. */
export class AbsentError extends Error {
  constructor(
    message: string,
    readonly remedy = "",
  ) {
    super(message);
  }
}

/**
 * Prints `error: …` and, on the next line, what to do. `inWords` rewrites both, for a command that is
 * called otherwise (`kubectl ipam`).
 */
export function printFailure(failure: unknown, inWords = (text: string) => text): void {
  const { message, remedy } = wordsOf(failure);
  printErr(inWords(`error: ${message}`));
  if (remedy !== "") printErr(inWords(remedy));
}

/** The exit code that a failure ends the command with. */
export function exitCodeOf(failure: unknown): number {
  if (failure instanceof UsageError) return EXIT_CODES.usage;
  if (failure instanceof AbsentError) return EXIT_CODES.absent;
  return failure instanceof StoreFailure ? EXIT_CODES.store : EXIT_CODES.failed;
}

function wordsOf(failure: unknown): { message: string; remedy: string } {
  if (failure instanceof IpamError) return { message: failure.message, remedy: remedyOf(failure) };
  if (failure instanceof StoreFailure || failure instanceof UsageError || failure instanceof AbsentError)
    return failure;
  const text = failure instanceof Error ? failure.message : String(failure);
  return { message: `unexpected failure: ${text}`, remedy: "please report this" };
}

/** An operator has no log to look into. */
function remedyOf(failure: IpamError): string {
  const said = othersWords(failure);
  return said === undefined ? failure.details : `${failure.details}; it said: ${said}`;
}
