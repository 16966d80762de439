import { isatty } from "node:tty";
import { writeRaw } from "./print.ts";

/** A line on stderr that counts while a person waits. */
export interface Progress {
  /** So much is done; `of` where the end is known. */
  at(count: number, of?: number): void;
  /** Takes the line away. */
  end(): void;
}

const STDERR = 2;
const EVERY_MS = 100;
/** Work that ends sooner shows nothing. */
const PATIENCE_MS = 400;
const BAR = 24;

/** Counts `what` on a terminal; silent where stderr is a file or a pipe. */
export function startProgress(what: string): Progress {
  if (!isatty(STDERR)) return { at: () => undefined, end: () => undefined };
  let next = performance.now() + PATIENCE_MS;
  let width = 0;
  const show = (text: string) => {
    writeRaw(`\r${text.padEnd(width)}`);
    width = text.length;
  };
  return {
    at: (count, of) => {
      if (performance.now() < next) return;
      next = performance.now() + EVERY_MS;
      show(progressText(what, count, of));
    },
    end: () => {
      if (width > 0) writeRaw(`\r${" ".repeat(width)}\r`);
      width = 0;
    },
  };
}

/** "reading records: 12,345", or with a bar and per cent where the end is known. */
export function progressText(what: string, count: number, of?: number): string {
  const counted = count.toLocaleString("en-US");
  if (of === undefined || of === 0) return `${what}: ${counted}`;
  const share = Math.min(1, count / of);
  const bar = "#".repeat(Math.round(share * BAR)).padEnd(BAR, ".");
  return `${what} [${bar}] ${Math.floor(share * 100)} % (${counted} of ${of.toLocaleString("en-US")})`;
}
