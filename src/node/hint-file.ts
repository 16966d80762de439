import fs from "node:fs";
import { dirname } from "node:path";
import { CAPS } from "../address/caps.ts";
import { lockBriefly } from "./lock-briefly.ts";

/**
 * Reads one number from a file that is only a hint. Undefined where there is none, or where anything goes
 * wrong. Never throws.
 */
export function readHint(path: string): bigint | undefined {
  try {
    return parse(fs.readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

/**
 * Replaces the number by what `next` (a pure function) makes of it, one process after the other. Where
 * `next` returns undefined, the number stays. Where the file cannot be used, `next` gets undefined and
 * nothing is written.
 *
 * @returns what `next` returned. Throws only what `next` throws.
 */
export function advanceHint(
  path: string,
  next: (current: bigint | undefined) => bigint | undefined,
): bigint | undefined {
  try {
    makeRoomFor(path);
    const outcome = lockBriefly(path, (fd) => {
      const value = next(parse(fs.readFileSync(fd, "utf8")));
      if (value !== undefined) write(fd, value);
      return { value };
    });
    if (outcome !== undefined) return outcome.value;
  } catch {
    // As if there were no number.
  }
  return next(undefined);
}

/** Of too many hints some are forgotten: any pod may bring another pool (CAPPED). */
function makeRoomFor(path: string): void {
  if (fs.existsSync(path)) return;
  const folder = dirname(path);
  if (!fs.existsSync(folder)) return;
  const names = fs.readdirSync(folder);
  if (names.length < CAPS.hints) return;
  // Several at once, so that not each new one lists the folder and removes another.
  for (const name of names.slice(CAPS.hints - CAPS.hints / 8))
    fs.rmSync(`${folder}/${name}`, { force: true });
}

/** Wide enough for a position in any IPv6 subnet (2^128 has 39 digits). One width, so that one write replaces all. */
const DIGITS = 40;
const NUMBER = /^\d{40}\n$/;

function parse(text: string): bigint | undefined {
  return NUMBER.test(text) ? BigInt(text.trim()) : undefined;
}

function write(fd: number, value: bigint): void {
  const text = `${String(value).padStart(DIGITS, "0")}\n`;
  if (!NUMBER.test(text)) return;
  fs.writeSync(fd, text, 0);
  fs.ftruncateSync(fd, text.length);
}
