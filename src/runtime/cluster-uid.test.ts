import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Cluster, SUBSTITUTE_UID } from "../ipam/cluster-port.ts";
import { IpamError } from "../ipam/errors.ts";
import { knownClusterUid, requireClusterUid } from "./cluster-uid.ts";

/** What the API server answers, one after the other; counts how often it is asked. */
function answering(...uids: string[]) {
  let asked = 0;
  const cluster = { clusterUid: async () => uids[asked++] ?? "asked too often" } as unknown as Cluster;
  return { cluster, asked: () => asked };
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "kube-ipam-cluster-uid-"));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("the UID is asked for once in a node's life", () =>
  inFolder(async (folder) => {
    const { asked, cluster } = answering("u1");
    expect(knownClusterUid(folder)).toBeUndefined();
    for (let round = 0; round < 3; round += 1) {
      expect(await requireClusterUid(folder, cluster, 0)).toBe("u1");
    }
    expect(asked()).toBe(1);
    expect(knownClusterUid(folder)).toBe("u1");
  }));

test("a substitute serves until the UID is to be had", () =>
  inFolder(async (folder) => {
    const substitute = `${SUBSTITUTE_UID}1`;
    const { cluster } = answering(substitute, substitute, "u1");
    expect(await requireClusterUid(folder, cluster, 0)).toBe(substitute);
    expect(knownClusterUid(folder)).toBe(substitute);
    expect(await requireClusterUid(folder, cluster, 0)).toBe(substitute);
    expect(await requireClusterUid(folder, cluster, 0)).toBe("u1");
    expect(knownClusterUid(folder)).toBe("u1");
  }));

test("without it an ADD does not go on, and says why; nothing is remembered", () =>
  inFolder(async (folder) => {
    const down = new IpamError("tryAgain", "the API server cannot be reached", "it is worth another try");
    const cluster = { clusterUid: () => Promise.reject(down) } as unknown as Cluster;
    const failure = await requireClusterUid(folder, cluster, 0).catch((error) => error);
    expect(`${failure.code} ${failure.message}; ${failure.details}`).toBe(
      "11 the API server cannot be reached; it is worth another try; each node must read its cluster's UID " +
        "once, because two clusters may share one store",
    );
    expect(knownClusterUid(folder)).toBeUndefined();
  }));
