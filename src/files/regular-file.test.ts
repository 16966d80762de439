import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readRegularFile } from "./regular-file.ts";

const folder = mkdtempSync(join(tmpdir(), "regular-file-"));
const file = join(folder, "file");
const link = join(folder, "link");
const pipe = join(folder, "pipe");
writeFileSync(file, "text");
symlinkSync(file, link);
Bun.spawnSync(["mkfifo", pipe]);
mkdirSync(join(folder, "folder"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a file's text is read, through a link too", () => {
  expect([file, link].map((path) => readRegularFile(path))).toEqual(["text", "text"]);
});

test.each([pipe, join(folder, "folder"), "/dev/null"])("nobody waits for %s", (path) => {
  expect(() => readRegularFile(path)).toThrow(`'${path}' is not a regular file`);
});

test("a file that is missing has the system's own error", () => {
  expect(() => readRegularFile(join(folder, "missing"))).toThrow("ENOENT");
});

test("a file that is too large is not read", () => {
  expect(readRegularFile(file, 4)).toBe("text");
  expect(() => readRegularFile(file, 3)).toThrow(`'${file}' is larger than 3 bytes`);
});
