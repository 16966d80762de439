import { expect, test } from "bun:test";
import { mkdirSync, symlinkSync } from "node:fs";
import { type Folder, temporaryFolder } from "../folder.ts";
import { makeNamespace, type Namespace } from "../namespaces.ts";
import { eventually } from "../wait.ts";
import { DuplicateWatch } from "./duplicate-watch.ts";

/** A machine as far as the watch looks: a folder of network namespaces. */
function machineWith(folder: Folder, name: string, namespace: Namespace) {
  mkdirSync(folder.file(name));
  symlinkSync(namespace.path, folder.file(name, "pod"));
  return { name, path: (_folder: string, ...names: string[]) => folder.file(name, ...names) };
}

async function withAddress(namespace: Namespace, address: string): Promise<void> {
  await namespace.exec("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "peer");
  for (const link of ["eth0", "peer"]) await namespace.exec("ip", "link", "set", link, "up");
  await namespace.exec("ip", "addr", "add", `${address}/24`, "dev", "eth0");
}

test("two namespaces that hold one address at once are found, and one after the other is not", async () => {
  using folder = temporaryFolder("watch");
  await using first = await makeNamespace();
  await using second = await makeNamespace();
  const machines = [machineWith(folder, "a", first), machineWith(folder, "b", second)];
  using watch = new DuplicateWatch(() => machines);
  await withAddress(first, "10.9.8.7");
  await eventually(async () => watch.looks > 2 || undefined);
  await first.exec("ip", "addr", "flush", "dev", "eth0");
  await withAddress(second, "10.9.8.7");
  const looks = watch.looks;
  await eventually(async () => watch.looks > looks + 2 || undefined);
  expect(watch.found).toEqual([]);
  await first.exec("ip", "addr", "add", "10.9.8.7/24", "dev", "eth0");
  await eventually(async () => watch.found.length > 0 || undefined);
  expect(watch.found).toEqual(["10.9.8.7 was in a/pod and b/pod at once"]);
});
