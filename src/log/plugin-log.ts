import { closeSync, constants, fstatSync, mkdirSync, openSync, type Stats, writeSync } from "node:fs";
import { CAPS } from "../address/caps.ts";
import { cut } from "../address/cut.ts";
import { visibleLine } from "../address/visible.ts";
import type { Log, LogLevel } from "../ipam/ports.ts";
import { NoLog, openNetworksLog } from "./networks-log.ts";

const STDOUT = 1;

const { O_APPEND, O_CREAT, O_NONBLOCK, O_WRONLY } = constants;

const LEVELS: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

export function isLogLevel(value: unknown): value is LogLevel {
  return typeof value === "string" && Object.hasOwn(LEVELS, value);
}

export interface LogSettings {
  readonly logFile: string;
  readonly logLevel: LogLevel;
  /** Holds "logFile" where a network has named it, and no administrator vouches for it. */
  readonly byNetwork?: readonly string[];
}

/**
 * The plugin's log: whole lines, each appended with one write, so that many processes can share
 * the file and logrotate can move it at any time. Never on stdout, and a log that cannot be written
 * never fails a verb: the line goes to stderr, or nowhere.
 */
export function pluginLog({ byNetwork, logFile, logLevel }: LogSettings, append: Append = appendNow): Log {
  const isNetworks = byNetwork?.includes("logFile") ?? false;
  return (level, message, fields = {}) => {
    if (LEVELS[level] < LEVELS[logLevel]) return;
    append(logFile, formatLine(level, message, fields), isNetworks);
  };
}

/** Appends one line to a file, which perhaps only a network has named; never throws. */
export type Append = (file: string, line: string, isNetworks?: boolean) => void;

/**
 * `2026-01-31T12:00:00.000Z INFO message key=value key="two words"`: always one line, in which nothing is hidden and which
 * has at most CAPS.logLine bytes, whatever a tenant wrote.
 */
export function formatLine(
  level: LogLevel,
  message: string,
  fields: Readonly<Record<string, unknown>>,
): string {
  const pairs = Object.entries(fields)
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([key, value]) => `${key}=${quote(cut(textOf(value), MOST_OF_VALUE))}`);
  const head = `${new Date().toISOString()} ${level.toUpperCase()} ${message}`;
  return `${withinBytes(visibleLine([head, ...pairs].join(" ").replace(/[\r\n]+/g, " ")), CAPS.logLine - 1)}\n`;
}

/** What one value may have of a line, in characters, so that there is room for the others. */
const MOST_OF_VALUE = CAPS.logLine / 2;

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Of a text that is longer, its beginning and its length. */
function withinBytes(text: string, most: number): string {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= most) return text;
  const rest = `… (${text.length} characters)`;
  const room = most - new TextEncoder().encode(rest).length;
  // A character that is cut in two becomes one that takes no more room than was there.
  return new TextDecoder().decode(bytes.subarray(0, room)).replace(/\ufffd$/, "") + rest;
}

function quote(text: string): string {
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text);
}

export function appendNow(file: string, line: string, isNetworks = false): void {
  try {
    const descriptor = isNetworks ? openNetworksLog(file) : openAppending(file);
    try {
      requireLog(descriptor);
      writeSync(descriptor, line);
    } finally {
      closeSync(descriptor);
    }
  } catch (failure) {
    if (failure instanceof NoLog) toStderr(`${failure.message}\n`);
    toStderr(line);
  }
}

/** Throws for a file that a verb might have to wait for, and for the stdout that carries the result. */
function requireLog(descriptor: number): void {
  const log = fstatSync(descriptor);
  if (!log.isFile() && !log.isCharacterDevice()) throw new Error("a log is a file or a device");
  if (descriptor !== STDOUT && isStdout(log)) throw new Error("stdout is for the result");
}

/** "/dev/stdout" and the like lead there. */
function isStdout(log: Stats): boolean {
  try {
    const result = fstatSync(STDOUT);
    return log.dev === result.dev && log.ino === result.ino;
  } catch {
    return false;
  }
}

/** O_NONBLOCK: opening a pipe without a reader waits for one. */
function openAppending(file: string): number {
  const flags = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK;
  try {
    return openSync(file, flags, 0o640);
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code !== "ENOENT") throw failure;
    mkdirSync(file.slice(0, file.lastIndexOf("/")), { recursive: true, mode: 0o750 });
    return openSync(file, flags, 0o640);
  }
}

function toStderr(line: string): void {
  try {
    writeSync(2, line);
  } catch {
    // There is nowhere else to write it; the verb matters more than its log.
  }
}
