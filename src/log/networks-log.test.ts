import { afterAll, expect, test } from "bun:test";
import {
  chmodSync,
  closeSync,
  existsSync,
  fstatSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isLogsName, openNetworksLog } from "./networks-log.ts";
import { appendNow, formatLine } from "./plugin-log.ts";

const root = mkdtempSync(join(tmpdir(), "networks-log-"));
const elsewhere = mkdtempSync("/dev/shm/kube-ipam-networks-log-");
afterAll(() => {
  for (const folder of [root, elsewhere]) rmSync(folder, { recursive: true });
});

const LINE = formatLine("info", "ADD", { network: "lan" });
const append = (file: string) => appendNow(file, LINE, true);
const text = (file: string) => (existsSync(file) ? readFileSync(file, "utf8") : undefined);

test.each(["x.log", "log", "log-n1", "kube-ipam_log", "deep/er/kube-ipam.log"])(
  "E44: a new file called %s is a log, and stays one",
  (name) => {
    const file = join(elsewhere, name);
    append(file);
    append(file);
    expect(text(file)).toBe(LINE + LINE);
  },
);

test("E44: in a temporary folder a new log has any name, and an empty file is as good as a new one", () => {
  const files = [
    join(root, "out"),
    join(root, "empty"),
    join(elsewhere, "empty.log"),
    join(elsewhere, "empty"),
  ];
  for (const file of files.slice(1)) writeFileSync(file, "");
  for (const file of files) append(file);
  expect(files.map(text)).toEqual([LINE, LINE, LINE, ""]);
});

test("E44: nothing new in a folder whose files are obeyed", () => {
  const obeyed = [
    "/etc/cron.d/kube-ipam-log",
    "/etc/log",
    "/boot/x-log",
    "/usr/lib/x/log",
    "/lib64/x.log",
    "/usr/lib64/x.log",
  ];
  const fine = ["/var/log/x", "/opt/etc/x.log", "/tmp/x", "/srv/lib/x.log", "/var/lib/x/log"];
  expect([...obeyed, ...fine].filter(isLogsName)).toEqual(fine);
});

test("E44: no folder is made by the thousand", () => {
  append(join(elsewhere, ...Array(9).fill("many"), "x.log"));
  expect(existsSync(join(elsewhere, "many"))).toBe(false);
});

test("E44: no folder is made where no log may be, nor past a link", () => {
  const volume = join(elsewhere, "pods", "u-2", "volumes", "v");
  mkdirSync(volume, { recursive: true });
  symlinkSync(elsewhere, join(volume, "out"));
  symlinkSync(join(elsewhere, "nowhere"), join(elsewhere, "dangling"));
  append(join(volume, "made", "x.log"));
  append(join(volume, "out", "made", "x.log"));
  append(join(root, "elsewhere-too", "..", "made", "x.sh"));
  for (const path of [join(volume, "made"), join(elsewhere, "made")]) expect(existsSync(path)).toBe(false);
});

test.each(["x.sh", "profile", "log.sh", "catalog", "cron.d/log.d"])(
  "E44: a new file called %s is none",
  (name) => {
    const file = join(elsewhere, "new", name);
    append(file);
    expect(existsSync(join(elsewhere, "new"))).toBe(false);
  },
);

test("E44: what another program wrote is never appended to, whatever it is called", () => {
  for (const [index, content] of [
    "root:x:0:0::/root:/bin/sh\n",
    "\n",
    `x${LINE}`,
    "2026-01-31 INFO x\n",
  ].entries()) {
    const file = join(root, `other-${index}.log`);
    writeFileSync(file, content);
    append(file);
    expect(text(file)).toBe(content);
  }
});

test("E44: no link, no further name, no folder, no place of a pod", () => {
  const target = join(root, "target.log");
  symlinkSync(target, join(root, "link.log"));
  append(join(root, "link.log"));
  expect(existsSync(target)).toBe(false);
  writeFileSync(target, "");
  linkSync(target, join(root, "second.log"));
  append(join(root, "second.log"));
  expect(text(target)).toBe("");
  const volume = join(root, "pods", "u-1", "volumes", "v");
  mkdirSync(volume, { recursive: true });
  append(join(volume, "x.log"));
  symlinkSync(volume, join(root, "logs"));
  append(join(root, "logs", "y.log"));
  writeFileSync(join(volume, "z.log"), "");
  append(join(volume, "z.log"));
  expect([
    existsSync(join(volume, "x.log")),
    existsSync(join(volume, "y.log")),
    text(join(volume, "z.log")),
  ]).toEqual([false, false, ""]);
  chmodSync(root, 0o700);
});

test("an administrator's log is whatever file the node's file names", () => {
  const file = join(root, "ours.txt");
  writeFileSync(file, "something\n");
  appendNow(file, LINE);
  expect(text(file)).toBe(`something\n${LINE}`);
});

test("E44: nowhere and the process's own streams are fine; no other device is opened", () => {
  // Of a socket, as which a test's process may have it, there is no second opening.
  const own = fstatSync(process.stderr.fd).isSocket() ? [] : ["/dev/stderr", "/proc/self/fd/2"];
  for (const file of ["/dev/null", ...own]) closeSync(openNetworksLog(file));
  for (const file of ["/dev/full", "/dev/zero", root])
    expect(() => openNetworksLog(file)).toThrow("it is no regular file");
});

test("E44: a link among the folders does not make another place a temporary one", () => {
  symlinkSync(elsewhere, join(root, "elsewhere"));
  append(join(root, "elsewhere", "out"));
  append(join(root, "elsewhere", "out.log"));
  expect([existsSync(join(elsewhere, "out")), text(join(elsewhere, "out.log"))]).toEqual([false, LINE]);
});
