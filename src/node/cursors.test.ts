import { expect, test } from "bun:test";
import fs from "node:fs";
import { CAPS } from "../address/caps.ts";
import { openCursors } from "./cursors.ts";
import { useScratch } from "./test-kit/scratch.ts";

const scratch = useScratch();
const onwards = (current: bigint | undefined) => (current ?? 0n) + 1n;

test("a cursor advances, and is found again by another process", () => {
  const folder = `${scratch()}/cursors`;
  expect(openCursors(folder).read("net1 10.1.2.0/24")).toBeUndefined();
  expect(openCursors(folder).advance("net1 10.1.2.0/24", onwards)).toBe(1n);
  expect(openCursors(folder).advance("net1 10.1.2.0/24", onwards)).toBe(2n);
  expect(openCursors(folder).read("net1 10.1.2.0/24")).toBe(2n);
  expect(openCursors(folder).read("another pool")).toBeUndefined();
});

test("positions of an IPv6 subnet fit, and shorter ones replace them", () => {
  const cursors = openCursors(scratch());
  for (const position of [2n ** 128n - 1n, 0n, 2n ** 64n]) {
    cursors.advance("p", () => position);
    expect(cursors.read("p")).toBe(position);
  }
});

test("undefined leaves the cursor where it is", () => {
  const cursors = openCursors(scratch());
  cursors.advance("p", () => 5n);
  expect(cursors.advance("p", () => undefined)).toBeUndefined();
  expect(cursors.read("p")).toBe(5n);
});

test("what is no position counts as none, and is replaced", () => {
  const folder = scratch();
  const cursors = openCursors(folder);
  for (const text of ["", "7", "x".repeat(41), "-1\n", "9".repeat(60)]) {
    fs.writeFileSync(`${folder}/p`, text);
    expect(cursors.read("p")).toBeUndefined();
    expect(cursors.advance("p", onwards)).toBe(1n);
    expect(cursors.read("p")).toBe(1n);
  }
});

test("K237: of too many cursors some are forgotten, and begin anew", () => {
  const folder = scratch();
  const cursors = openCursors(folder);
  for (let pool = 0; pool < CAPS.hints + 300; pool++) expect(cursors.advance(`p${pool}`, onwards)).toBe(1n);
  expect(fs.readdirSync(folder).length).toBeLessThanOrEqual(CAPS.hints);
  const last = `p${CAPS.hints + 299}`;
  for (const value of [2n, 3n]) expect(cursors.advance(last, onwards)).toBe(value);
});

test("a cursor that cannot be kept costs nothing", () => {
  const base = scratch();
  fs.writeFileSync(`${base}/file`, "");
  const cursors = openCursors(`${base}/file/cursors`);
  expect(cursors.read("p")).toBeUndefined();
  expect([cursors.advance("p", onwards), cursors.advance("p", onwards)]).toEqual([1n, 1n]);
  expect(cursors.advance("p", () => -1n)).toBe(-1n);
});

test("what the caller throws is thrown", () => {
  const cursors = openCursors(scratch());
  const fail = () => {
    throw new Error("no position");
  };
  expect(() => cursors.advance("p", fail)).toThrow("no position");
});
