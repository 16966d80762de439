import { afterAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { whyNotOwnFolder, whyNotOwnFolderAgain } from "./own-folder.ts";

const root = mkdtempSync(join(tmpdir(), "own-folder-"));
/** Not below /tmp, whose content is nobody's configuration. */
const elsewhere = mkdtempSync("/dev/shm/kube-ipam-own-folder-");
afterAll(() => {
  for (const folder of [root, elsewhere]) rmSync(folder, { recursive: true });
});

/** A new folder with these files; names that end in a slash are folders. */
function folder(parent: string, ...names: string[]): string {
  const path = mkdtempSync(join(parent, "f-"));
  for (const name of names) {
    if (name.endsWith("/")) mkdirSync(join(path, name), { recursive: true });
    else writeFileSync(join(path, name), "");
  }
  return path;
}

describe("E43: root may write into", () => {
  test.each([
    ["one that is missing", () => join(folder(elsewhere), "deep", "er")],
    ["one that is missing, beside other files", () => join(folder(elsewhere, "passwd"), "data")],
    ["an empty one", () => folder(elsewhere)],
    ["a file system of its own", () => folder(elsewhere, "lost+found/", ".snapshot/", ".nfs0000000001a2")],
    ["one that kube-ipam has used", () => folder(elsewhere, "kube-ipam.db", "notes.txt")],
    ["one where a shim came first", () => folder(elsewhere, "fallback-0.lock", "fallback-queue.lock")],
    ["one where the agent came first", () => folder(elsewhere, "agent.sock", "agent.sock.lock")],
    ["one of an ADD that was killed early", () => folder(elsewhere, "locks/")],
    ["one with notes of somebody", () => folder(elsewhere, "locks/", "journal/", "notes.txt")],
    [
      "one that holds leases of host-local",
      () => folder(elsewhere, "net1/", "net1/lock", "net2/", "net2/lock"),
    ],
    [
      "one that holds leases of an old host-local",
      () => folder(elsewhere, "net1/", "net1/last_reserved_ip.0", "net2/", "net2/last_reserved_ip"),
    ],
    ["one network's of host-local", () => folder(elsewhere, "10.1.2.3", "fd00::2", "last_reserved_ip.1")],
    ["a temporary one with whatever", () => folder(root, "conf.json")],
    ["a file, which opening refuses", () => join(folder(elsewhere, "machine"), "machine")],
    ["below a file, which opening refuses", () => join(folder(elsewhere, "machine"), "machine", "data")],
  ])("%s", (_what, make) => {
    expect(whyNotOwnFolder(make())).toBeUndefined();
  });
});

describe("E43: root may not write into", () => {
  test.each([
    ["a folder of other files", () => folder(elsewhere, "passwd", "cron.d/"), /holds other files/],
    ["another program's with a journal", () => folder(elsewhere, "journal/", "units/"), /holds other files/],
    ["another agent's", () => folder(elsewhere, "agent.sock", "agent.conf"), /holds other files/],
    ["/etc", () => "/etc", /holds other files/],
    ["/etc by a detour", () => "/tmp/../etc/./", /holds other files/],
    ["what a program takes for a sign", () => "/etc/nologin-kube-ipam-test", /the system's programs/],
    ["a new one among programs", () => "/usr/local/kube-ipam-test/data", /the system's programs/],
    ["the kernel's", () => "/proc/1/root/x", /the kernel's/],
    ["sysfs", () => "/sys/fs/cgroup/x", /the kernel's/],
    [
      "a pod's volume",
      () =>
        folder(folder(elsewhere, "pods/u-1/volumes/x/"), "y") && join(elsewhere, "pods/u-1/volumes/x/data"),
      /containers write there/,
    ],
    [
      "a container's root",
      () => "/run/containerd/io.containerd.runtime.v2.task/k8s.io/c/rootfs/d",
      /containers write/,
    ],
    [
      "a link to such a place",
      () => {
        const path = join(folder(elsewhere), "link");
        symlinkSync("/etc", path);
        return path;
      },
      /holds other files/,
    ],
    [
      "what a link and a '..' lead to",
      () => {
        const path = folder(elsewhere, "passwd", "below/");
        mkdirSync(join(path, "beside"));
        symlinkSync(join(path, "below"), join(path, "beside", "link"));
        return `${elsewhere}/${basename(path)}/beside/link/../`;
      },
      /holds other files/,
    ],
    [
      "what a link leads to that containers can change",
      () => {
        const volume = join(folder(elsewhere, "pods/u-2/volumes/"), "pods/u-2/volumes");
        symlinkSync("/", join(volume, "link"));
        return join(volume, "link", "none");
      },
      /containers write/,
    ],
  ])("%s", (_what, make, why) => {
    expect(whyNotOwnFolder(make())).toMatch(why);
  });

  const asRoot = test.skipIf(process.geteuid?.() !== 0);

  asRoot("what others than root can make a link lead to", () => {
    chmodSync(elsewhere, 0o755);
    const path = folder(elsewhere, "theirs/", "data/");
    chmodSync(path, 0o755);
    const link = join(path, "theirs", "link");
    symlinkSync(join(path, "data"), link);
    expect(whyNotOwnFolder(link)).toBeUndefined();
    lchownSync(link, 1000, 1000);
    expect(whyNotOwnFolder(link)).toMatch(/link' belongs to user 1000/);
    lchownSync(link, 0, 0);
    chownSync(join(path, "theirs"), 1000, 1000);
    expect(whyNotOwnFolder(link)).toMatch(/theirs' belongs to user 1000/);
    expect(whyNotOwnFolder(`${path}/theirs/../data`)).toMatch(/theirs' belongs to user 1000/);
    chmodSync(path, 0o700);
    expect(whyNotOwnFolder(link)).toBeUndefined();
  });

  asRoot("what others than root can move or fill", () => {
    chmodSync(elsewhere, 0o755);
    const path = folder(elsewhere, "data/");
    chmodSync(path, 0o777);
    expect(whyNotOwnFolder(join(path, "data"))).toMatch(/others than root may write/);
    chmodSync(path, 0o1777);
    expect(whyNotOwnFolder(join(path, "data"))).toBeUndefined();
    expect(whyNotOwnFolder(path)).toMatch(/others than root may write/);
    chmodSync(elsewhere, 0o700);
    expect(whyNotOwnFolder(path)).not.toMatch(/others than root/);
    chmodSync(elsewhere, 0o755);
    chmodSync(path, 0o755);
    chownSync(path, 1000, 1000);
    expect(whyNotOwnFolder(join(path, "data", "new"))).toMatch(/belongs to user 1000/);
  });
});

test.skipIf(process.geteuid?.() !== 0)("E43: one that was found ours is judged again when it changes", () => {
  const path = folder(elsewhere, "kube-ipam.db");
  chmodSync(elsewhere, 0o755);
  const judgements = () => [
    whyNotOwnFolderAgain(path) === undefined,
    whyNotOwnFolderAgain(path) === undefined,
  ];
  expect(judgements()).toEqual([true, true]);
  chmodSync(path, 0o777);
  expect(judgements()).toEqual([false, false]);
  chmodSync(path, 0o755);
  expect(judgements()).toEqual([true, true]);
  chownSync(path, 12_345, 0);
  expect(judgements()).toEqual([false, false]);
  rmSync(path, { recursive: true });
  expect(judgements()).toEqual([true, true]);
  const below = join(folder(elsewhere, "machine"), "machine", "data");
  expect(whyNotOwnFolderAgain(below)).toBeUndefined();
  mkdirSync(path);
  writeFileSync(join(path, "passwd"), "");
  expect(judgements()).toEqual([false, false]);
});
