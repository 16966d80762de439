import { expect, test } from "bun:test";
import fs from "node:fs";
import type { NodeSettings } from "../config/network-configuration.ts";
import { openNode } from "./open-node.ts";
import { useScratch } from "./test-kit/scratch.ts";

const scratch = useScratch();
const id = { network: "net1", container: "c1", ifname: "eth0" };

function settingsIn(base: string): NodeSettings {
  return {
    dataDir: `${base}/data`,
    runDir: `${base}/run`,
    logFile: `${base}/log`,
    logLevel: "info",
    nodeName: "n1",
    nodeLocal: false,
  };
}

test("opening touches nothing on disk", () => {
  const base = scratch();
  const node = openNode(settingsIn(base));
  expect(node.name).toBe("n1");
  expect([node.journal.list(), node.keptReleases.list(), node.storeMemory.recall("default")]).toEqual([
    [],
    [],
    undefined,
  ]);
  expect(fs.readdirSync(base)).toEqual([]);
});

test("what ends with the boot lies in runDir, what outlives it in dataDir", async () => {
  const base = scratch();
  const node = openNode(settingsIn(base));
  const lock = await node.lock(id, { deadline: performance.now() + 1000, cancelling: false });
  const holder = {
    attachment: id,
    node: node.name,
    nodeVerified: false,
    bootId: node.bootId,
    namespace: { path: "/proc/self/ns/net" },
    requestId: "r1",
  };
  node.journal.write({ version: 1, holder, space: "default", addresses: [], storeUuid: "s1" });
  node.keptReleases.keep({ version: 1, attachment: id, node: node.name });
  node.storeMemory.remember("default", { uuid: "s1", prefix: "", revision: 1 });
  node.cursors.advance("p", () => 1n);
  node.due("sweep", 1);
  expect(fs.readdirSync(`${base}/run`).sort()).toEqual(["cursors", "due", "journal", "locks"]);
  expect(fs.readdirSync(`${base}/data`).sort()).toEqual(["kept", "stores"]);
  lock.release();
});

test("a namespace is judged by this boot, and by the earlier ones of this very machine", () => {
  const base = scratch();
  const node = openNode(settingsIn(base));
  const namespace = { path: "/proc/1/ns/net" };
  const { bootId } = node;
  expect(node.namespaceState({ namespace, bootId })).toBe("unknown");
  expect(node.namespaceState({ namespace, bootId: "another boot" })).toBe("unknown");
  const machine = node.machineId();
  process.env.KUBE_IPAM_BOOT_ID = "next";
  try {
    const later = openNode(settingsIn(base));
    expect(later.namespaceState({ namespace, bootId })).toBe("gone");
    expect(later.namespaceState({ namespace, bootId, machine })).toBe("gone");
    expect(later.namespaceState({ namespace, bootId, machine: "another" })).toBe("unknown");
  } finally {
    delete process.env.KUBE_IPAM_BOOT_ID;
  }
  expect(node.identifyNamespace("/proc/self/ns/net")?.path).toBe("/proc/self/ns/net");
});
