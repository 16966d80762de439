import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { wayTo } from "./way-to.ts";

const root = mkdtempSync("/dev/shm/kube-ipam-way-to-");
afterAll(() => rmSync(root, { recursive: true }));
const at = (...names: string[]) => join(root, ...names);

mkdirSync(at("a", "b", "c"), { recursive: true });
writeFileSync(at("file"), "");
symlinkSync("a/b/c", at("link"));
symlinkSync(at("link"), at("second"));
symlinkSync("circle", at("circle"));
symlinkSync("/proc/self/fd", at("kernel"));

test.each(["a", "a/b/../b", "./a//b/", "link/../c", "second/..", "second/../../b/c/.", "file"])(
  "E43: %s leads where the kernel goes",
  (path) => {
    const whole = `${root}/${path}`;
    expect(wayTo(whole)).toMatchObject({ end: realpathSync.native(whole), missing: [] });
  },
);

test("E43: what is not there is the rest of the way, and links on it are told", () => {
  expect(wayTo(`${root}/second/../new/./er/`)).toMatchObject({ end: at("a", "b"), missing: ["new", "er"] });
  expect(wayTo(`${root}/file/below`)).toMatchObject({ end: at("file"), missing: ["below"] });
  expect(wayTo(`${root}/second/../new`).passed.map(({ path }) => path)).toEqual([
    at("second"),
    at("link"),
    at("a", "b", "c"),
  ]);
});

test.each([
  ["none/../a", "leads back over what is not there"],
  ["circle/x", "too many links"],
  ["kernel/1", "it is the kernel's"],
  ["a/../../../../proc/1/root", "it is the kernel's"],
  ["new/overlay2/x", "containers write there"],
])("E43: %s is no way", (path, why) => {
  expect(() => wayTo(`${root}/${path}`)).toThrow(why);
});
