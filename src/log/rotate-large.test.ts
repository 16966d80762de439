import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { appendNow } from "./plugin-log.ts";
import { rotateLarge } from "./rotate-large.ts";

test("M54: a large log is put aside once, a small one, a link and a device stay", () => {
  const folder = mkdtempSync(join(tmpdir(), "kube-ipam-log-"));
  try {
    const [log, old, link] = ["log", "log.1", "link"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    for (let line = 0; line < 10; line += 1) {
      appendNow(log, `${line}\n`);
      rotateLarge(log, 8);
    }
    expect([readFileSync(old, "utf8"), readFileSync(log, "utf8")]).toEqual(["4\n5\n6\n7\n", "8\n9\n"]);
    symlinkSync(old, link);
    for (const other of [link, "/dev/null", join(folder, "nothing")]) rotateLarge(other, 1);
    expect(existsSync(link)).toBe(true);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
