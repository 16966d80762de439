import type { Measured } from "./measured.ts";

/**
 * What one call may cost, whatever it was given: some times what the heaviest allowed one was measured to cost, on
 * a machine that is busy with other tests. What is not linear goes far beyond.
 */
const MOST = {
  cpuMs: 4_000,
  memoryBytes: 300 << 20,
  /** One document or one error on stdout: an ADD's longest result has 64 addresses and 1,024 routes. */
  stdoutCharacters: 256 << 10,
  /** Sixteen remarks of 4 KiB, and what the verb itself says. */
  logBytes: 100 << 10,
  messageCharacters: 1_100,
  detailsCharacters: 4_200,
};

/** @throws Error naming what went beyond its bound. */
export function expectBounded({ cpuMs, memoryBytes, stdout }: Measured, logBytes: number): void {
  expectAtMost("milliseconds of processor time", cpuMs, MOST.cpuMs);
  expectAtMost("bytes of memory", memoryBytes, MOST.memoryBytes);
  expectAtMost("characters on stdout", stdout.length, MOST.stdoutCharacters);
  expectAtMost("bytes of log", logBytes, MOST.logBytes);
}

/** @throws Error unless a verb printed one error of ours, of bounded length, that can be shown in a terminal. */
export function expectClearError(stdout: string): void {
  const error = JSON.parse(stdout) as { code: number; msg: string; details?: string };
  if (error.code === 999) throw new Error(`nobody foresaw this: ${stdout}`);
  expectAtMost("characters of msg", error.msg.length, MOST.messageCharacters);
  expectAtMost("characters of details", error.details?.length ?? 0, MOST.detailsCharacters);
  expectVisible(error.msg);
  expectVisible(error.details ?? "");
}

/** Control characters but tab and line feed, and what hides or turns text: separators, marks of direction, no width. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** @throws Error where a text for people could do something to the terminal that shows it. */
export function expectVisible(text: string): void {
  const found = INVISIBLE.exec(text.replaceAll(/[\t\n]/g, " "));
  if (found === null) return;
  const code = found[0].codePointAt(0)?.toString(16);
  throw new Error(
    `U+${code} stands in ${JSON.stringify(text.slice(Math.max(0, found.index - 40), found.index + 40))}`,
  );
}

/** @throws Error naming what is too much. */
export function expectAtMost(what: string, value: number, most: number): void {
  if (value > most) throw new Error(`expected at most ${most} ${what}, got ${value}`);
}
