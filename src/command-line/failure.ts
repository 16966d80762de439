import { IpamError } from "../ipam/errors.ts";
import { StoreFailure } from "../ipam/store-port.ts";
import { printErr } from "./print.ts";

/** What the exit code says; also printed by --help. */
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
  3  there is nothing of that name or address
  4  the store cannot be used: not reached, refused, corrupt, full`;

/** The command line itself is wrong. */
export class UsageError extends Error {
  constructor(
    message: string,
    readonly remedy: string,
  ) {
    super(message);
  }
}

/** What was asked about is not there. */
export class AbsentError extends Error {
  constructor(
    message: string,
    readonly remedy = "",
  ) {
    super(message);
  }
}

/** `error: …` and, on the next line, what to do; `inWords` turns both into the words of one's own command. */
export function printFailure(failure: unknown, inWords = (text: string) => text): void {
  const { message, remedy } = wordsOf(failure);
  printErr(inWords(`error: ${message}${remedy === "" ? "" : `\n${remedy}`}`));
}

export function exitCodeOf(failure: unknown): number {
  if (failure instanceof UsageError) return EXIT_CODES.usage;
  if (failure instanceof AbsentError) return EXIT_CODES.absent;
  return failure instanceof StoreFailure ? EXIT_CODES.store : EXIT_CODES.failed;
}

function wordsOf(failure: unknown): { message: string; remedy: string } {
  if (failure instanceof IpamError) return { message: failure.message, remedy: failure.details };
  if (failure instanceof StoreFailure || failure instanceof UsageError || failure instanceof AbsentError)
    return failure;
  const text = failure instanceof Error ? failure.message : String(failure);
  return { message: `unexpected failure: ${text}`, remedy: "please report this" };
}
