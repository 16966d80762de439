import { expect, test } from "bun:test";
import { StoreFailure } from "../../ipam/store-port.ts";
import { commitTroubleOf, isBusy, troubleOf } from "./trouble.ts";

const FILE = "/var/lib/kube-ipam/kube-ipam.db";

function failing(code: string, message = "what SQLite says"): Error {
  return Object.assign(new Error(message), { code });
}

test.each([
  ["SQLITE_BUSY_SNAPSHOT", "unavailable", "is busy: another process was writing to it all the time"],
  ["SQLITE_LOCKED", "unavailable", "is busy: another process was writing to it all the time"],
  ["SQLITE_FULL", "no-space", "cannot grow: its file system is full"],
  ["ENOSPC", "no-space", "cannot grow: its file system is full"],
  ["SQLITE_NOTADB", "unwritable", "is corrupt"],
  ["SQLITE_CORRUPT_INDEX", "unwritable", "is corrupt"],
  ["SQLITE_READONLY_DIRECTORY", "unwritable", "cannot be opened for writing (what SQLite says)"],
  ["SQLITE_CANTOPEN", "unwritable", "cannot be opened for writing (what SQLite says)"],
  ["EROFS", "unwritable", "cannot be opened for writing (what SQLite says)"],
  [
    "SQLITE_IOERR_READ",
    "unwritable",
    "cannot be read or written: its disk reports an error (SQLITE_IOERR_READ)",
  ],
  ["SQLITE_ERROR", "unwritable", "failed: what SQLite says"],
])("%s is told as '%s': %s", (code, kind, text) => {
  const trouble = troubleOf(failing(code), FILE);
  expect(trouble).toBeInstanceOf(StoreFailure);
  expect(trouble.kind).toBe(kind as StoreFailure["kind"]);
  expect(trouble.message).toBe(`the store ${FILE} ${text}`);
  expect(trouble.remedy).toMatch(/^[a-z].*[^.]$/);
});

test("only another process at work is worth another try", () => {
  expect(isBusy(failing("SQLITE_BUSY"))).toBe(true);
  expect(isBusy(failing("SQLITE_FULL"))).toBe(false);
  expect(isBusy("SQLITE_BUSY")).toBe(false);
});

test("RESOLVED: after an error of the disk nobody knows whether a commit happened", () => {
  expect(commitTroubleOf(failing("SQLITE_IOERR_FSYNC"), FILE).kind).toBe("unknown-outcome");
  expect(commitTroubleOf(failing("SQLITE_FULL"), FILE).kind).toBe("no-space");
});

test("what is a StoreFailure already stays what it is", () => {
  const failure = new StoreFailure("history-lost", "gone");
  expect(troubleOf(failure, FILE)).toBe(failure);
});
