import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isBegunFolder } from "./begun-folder.ts";

let root: string;
let data: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "begun-folder-"));
  data = join(root, "data");
  mkdirSync(join(data, "journal"), { recursive: true, mode: 0o700 });
  writeFileSync(join(data, "kube-ipam.db"), "", { mode: 0o600 });
});
afterEach(() => rmSync(root, { recursive: true }));

test("E50: a folder that others may write in by now is still the one where kube-ipam has begun", () => {
  chmodSync(data, 0o777);
  writeFileSync(join(data, "notes.txt"), "");
  expect(isBegunFolder(data)).toBe(true);
  symlinkSync(data, join(root, "link"));
  expect(isBegunFolder(join(root, "link"))).toBe(true);
});

test.each<[string, () => void]>([
  [
    "nothing of kube-ipam's",
    () => rmSync(join(data, "kube-ipam.db")) ?? rmSync(join(data, "journal"), { recursive: true }),
  ],
  ["no folder", () => rmSync(data, { recursive: true })],
  ["a link that leads elsewhere", () => symlinkSync("/etc/hostname", join(data, "kube-ipam.db-wal"))],
  ["a link without an end", () => symlinkSync(join(root, "none"), join(data, "kube-ipam.db-wal"))],
  ["a file with a further name", () => linkSync(join(data, "kube-ipam.db"), join(root, "second"))],
  ["a file that others may write", () => chmodSync(join(data, "kube-ipam.db"), 0o666)],
  ["a folder that others may fill", () => chmodSync(join(data, "journal"), 0o770)],
  [
    "a place of containers",
    () => {
      mkdirSync(join(root, "overlay2"));
      renameSync(data, join(root, "overlay2", "data"));
      symlinkSync(join(root, "overlay2", "data"), data);
    },
  ],
])("E50: with %s there it is not", (_what, change) => {
  change();
  expect(isBegunFolder(data)).toBe(false);
});
