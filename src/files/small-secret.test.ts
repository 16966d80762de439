import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSmallSecret } from "./small-secret.ts";

const root = mkdtempSync(join(tmpdir(), "small-secret-"));
afterAll(() => rmSync(root, { recursive: true }));

function file(name: string, content: string): string {
  writeFileSync(join(root, name), content);
  return join(root, name);
}

test.each(["geheim\n", "geheim\r\n", "geheim", "x".repeat(256)])("E48: %j is a password", (content) => {
  expect(readSmallSecret(file("password", content))).toBe(content.replace(/\r?\n$/, ""));
});

test.each(["a\nb\n", `${"x".repeat(900)}.y.z`, "-----BEGIN KEY-----\nx\n", "root:x:0\nbin:x:1\n"])(
  "E48: %j is none, and is not shown",
  (content) => {
    const path = file("other", content);
    expect(() => readSmallSecret(path)).toThrow(
      `'${path}' holds more than a password of one line; only the node's file may name such a file`,
    );
  },
);

test("E48: not another pod's secret, by whichever link", () => {
  const volume = join(root, "pods", "u-1", "volumes", "kubernetes.io~secret", "db");
  mkdirSync(volume, { recursive: true });
  writeFileSync(join(volume, "password"), "geheim");
  symlinkSync(join(volume, "password"), join(root, "link"));
  for (const path of [join(volume, "password"), join(root, "link"), "/proc/self/cmdline"])
    expect(() => readSmallSecret(path)).toThrow("is where containers and the kernel have their files");
});
