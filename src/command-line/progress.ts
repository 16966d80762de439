import { fstatSync } from "node:fs";
import { isatty } from "node:tty";
import { writeRaw } from "./print.ts";

/** A line on stderr that counts while an operator waits. */
export interface Progress {
  /** Shows that `count` are done, of `of` in all where that is known. */
  at(count: number, of?: number): void;
  /** Removes the line. */
  end(): void;
}

const STDOUT = 1;
const STDERR = 2;
const EVERY_MS = 100;
/** Milliseconds; shorter work shows nothing. */
const PATIENCE_MS = 400;
const BAR = 24;

/** Where progress is shown; `now` is a clock in milliseconds. */
export interface Screen {
  readonly isTerminal: boolean;
  readonly write: (text: string) => void;
  readonly now: () => number;
}

/** Shows the progress of `what` on a terminal; prints nothing where stderr is a file or a pipe. */
export function startProgress(what: string, { isTerminal, now, write }: Screen = stderr()): Progress {
  if (!isTerminal) return { at: () => undefined, end: () => undefined };
  let next = now() + PATIENCE_MS;
  let width = 0;
  return {
    at: (count, of) => {
      if (now() < next) return;
      next = now() + EVERY_MS;
      const text = progressText(what, count, of);
      write(`\r${text.padEnd(width)}`);
      width = text.length;
    },
    end: () => {
      if (width > 0) write(`\r${" ".repeat(width)}\r`);
      width = 0;
    },
  };
}

/**
 * The same for what is printed part by part: it ends with the first part, for the terminal may be a pager's from then on.
 * Where stdout is a file, it goes on.
 */
export function untilPrinted({ at, end }: Progress, isFile = fstatSync(STDOUT).isFile()): Progress {
  let isOver = false;
  return {
    at: (count, of) => {
      if (!isOver) at(count, of);
    },
    end: () => {
      end();
      isOver = !isFile;
    },
  };
}

function stderr(): Screen {
  return { isTerminal: isatty(STDERR), write: writeRaw, now: () => performance.now() };
}

/** The text of a progress line: "reading records: 12,345", or a bar and per cent where `of` is known. */
export function progressText(what: string, count: number, of?: number): string {
  const counted = count.toLocaleString("en-US");
  if (of === undefined || of === 0) return `${what}: ${counted}`;
  const share = Math.min(1, count / of);
  const bar = "#".repeat(Math.round(share * BAR)).padEnd(BAR, ".");
  return `${what} [${bar}] ${Math.floor(share * 100)} % (${counted} of ${of.toLocaleString("en-US")})`;
}
