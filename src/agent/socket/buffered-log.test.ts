import { expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BufferedLog } from "./buffered-log.ts";

test("lines of one turn reach each file together, in their order", async () => {
  const written: [string, string][] = [];
  const log = new BufferedLog((file, lines) => void written.push([file, lines]));
  log.append("/a", "one\n");
  log.append("/b", "other\n");
  log.append("/a", "two\n");
  expect(written).toEqual([]);
  await log.written();
  expect(written).toEqual([
    ["/a", "one\ntwo\n"],
    ["/b", "other\n"],
  ]);
  log.append("/a", "three\n");
  log.flush();
  await log.written();
  await new Promise((resolve) => setImmediate(resolve));
  expect(written.slice(2)).toEqual([["/a", "three\n"]]);
});

test("M54: only a log that the node's administrator chose is put aside when it is large", async () => {
  const folder = mkdtempSync(join(tmpdir(), "kube-ipam-logs-"));
  try {
    const [ours, anybodys] = [join(folder, "ours"), join(folder, "anybodys")];
    for (const file of [ours, anybodys]) {
      writeFileSync(file, "");
      truncateSync(file, 64 << 20);
    }
    const log = new BufferedLog();
    log.keepSmall(ours);
    for (const file of [ours, anybodys]) log.append(file, "line\n");
    log.flush();
    expect(readdirSync(folder).sort()).toEqual(["anybodys", "ours.1"]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
