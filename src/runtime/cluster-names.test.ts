import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clusterRelation } from "../ipam/cluster-relation.ts";
import { IpamError } from "../ipam/errors.ts";
import { calledBy } from "../ipam/testing/called-by.ts";
import { FakeCluster } from "../ipam/testing/fake-cluster.ts";
import { nodeFacts } from "../ipam/testing/hand-over.ts";
import { knownClusterNames, requireClusterNames } from "./cluster-names.ts";

/** A node with a folder, and what it is called by in the end. */
async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "kube-ipam-cluster-names-"));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Kubernetes that calls itself so, with the Node object of this UID. */
function called(name: string, nodeUid?: string, ...also: string[]): FakeCluster {
  const cluster = new FakeCluster(name);
  if (nodeUid !== undefined) cluster.nodes.set("n1", nodeFacts({ uid: nodeUid }));
  return Object.assign(cluster, { names: calledBy(name, ...also) });
}

test("the UID is asked for once in a node's life, and nothing else", () =>
  inFolder(async (folder) => {
    const cluster = called("u1", "node-uid", "authority-a");
    expect(knownClusterNames(folder)).toBeUndefined();
    for (let round = 0; round < 3; round += 1)
      expect(await requireClusterNames(folder, "n1", cluster, 0)).toEqual(calledBy("u1", "authority-a"));
    expect(cluster.calls).toEqual(["clusterNames"]);
    expect(knownClusterNames(folder)).toEqual(calledBy("u1", "authority-a"));
  }));

test("K52: a substitute serves until the UID is to be had, and is known ever after", () =>
  inFolder(async (folder) => {
    const ask = (cluster: FakeCluster) => requireClusterNames(folder, "n1", cluster, 0);
    expect((await ask(called("authority-a", "node-uid"))).name).toBe("authority-a");
    expect((await ask(called("authority-b", "node-uid", "authority-a"))).name).toBe("authority-a+b");
    const names = await ask(called("u1", "node-uid", "authority-b"));
    expect(names.name).toBe("u1");
    expect(knownClusterNames(folder)).toEqual(names);
    for (const former of ["authority-a", "authority-b", "authority-a+b", "u1"])
      expect(clusterRelation(former, names)).toBe("same");
  }));

test("K52: names with nothing in common are this cluster's while its Node is the same, and only then", () =>
  inFolder(async (folder) => {
    const ask = (cluster: FakeCluster) => requireClusterNames(folder, "n1", cluster, 0);
    await ask(called("authority-a", "node-uid"));
    expect(clusterRelation("authority-a", await ask(called("authority-b", "node-uid")))).toBe("same");
    const moved = await ask(called("authority-c", "another-node"));
    for (const stranger of ["authority-a", "authority-b"])
      expect(clusterRelation(stranger, moved)).toBe("other");
    expect(clusterRelation("authority-c", moved)).toBe("same");
  }));

test("K52: what a former program remembered counts", () =>
  inFolder(async (folder) => {
    writeFileSync(join(folder, "cluster"), "authority-0123\n");
    const names = await requireClusterNames(folder, "n1", called("u1", undefined, "authority-a"), 0);
    expect(clusterRelation("authority-0123", names)).toBe("same");
  }));

test("an ADD that knows only a substitute asks for its Node once", () =>
  inFolder(async (folder) => {
    const cluster = called("authority-a", "node-uid");
    for (let round = 0; round < 3; round += 1) await requireClusterNames(folder, "n1", cluster, 0);
    expect(cluster.calls.filter((call) => call.startsWith("node"))).toEqual(["node n1"]);
  }));

test("without a name an ADD does not go on, and says why; nothing is remembered", () =>
  inFolder(async (folder) => {
    const cluster = called("u1");
    cluster.failure = new IpamError(
      "tryAgain",
      "the API server cannot be reached",
      "it is worth another try",
    );
    const failure = await requireClusterNames(folder, "n1", cluster, 0).catch((error) => error);
    expect(`${failure.code} ${failure.message}; ${failure.details}`).toBe(
      "11 the API server cannot be reached; it is worth another try; each node must read its cluster's UID " +
        "once, because two clusters may share one store",
    );
    expect(knownClusterNames(folder)).toBeUndefined();
  }));
