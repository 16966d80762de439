import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Verb } from "../cni/protocol/versions.ts";
import type { ClusterPools } from "../config/settings/cluster-pools.ts";
import { IpamError } from "../ipam/errors.ts";
import { clusterPoolsFor } from "./cluster-pools.ts";
import { readClusterPools, writeClusterPools } from "./cluster-pools-file.ts";

const DB = { name: "db", created: "2026-01-01T00:00:00Z", spec: { subnets: ["10.1.0.0/24"] } };
let dataDir = "";
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "pools-"));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

/** What an ADD without an agent gets, and how often it asks the API server. */
async function ask(
  ipam: object,
  answer: ClusterPools | IpamError,
  { verb = "ADD", file = {} }: { verb?: Verb; file?: object } = {},
) {
  let asked = 0;
  const text = JSON.stringify({
    dataDir,
    kubeConfig: "/etc/k",
    pools: { own: { subnets: ["10.2.0.0/24"] } },
    ...file,
  });
  const list = async () => {
    asked += 1;
    if (answer instanceof IpamError) throw answer;
    return answer;
  };
  const asking = { verb, document: { ipam }, file: { path: "/f", text }, deadline: 0 };
  const known = await clusterPoolsFor(asking, list).catch((failure: Error) => failure.message);
  return { known, asked };
}

describe("K274: the plugin without an agent", () => {
  const away = new IpamError("tryAgain", "the API server is away", "");

  test("asks once for a pool that the node's file lacks, however the key is spelt", async () => {
    for (const ipam of [{ pool: "db" }, { Pool: "db" }])
      expect(await ask(ipam, { objects: [DB] })).toEqual({ known: { objects: [DB] }, asked: 1 });
    expect(readClusterPools(dataDir)).toEqual([DB]);
  });

  test("asks nobody where the node has never seen a pool of the cluster, or none is at hand", async () => {
    expect(await ask({ subnet: "10.9.0.0/24" }, away)).toEqual({ known: { objects: [] }, asked: 0 });
    expect(await ask({ pool: "own" }, away)).toEqual({ known: { objects: [] }, asked: 0 });
    expect(await ask({ pool: "db" }, away, { verb: "DEL" })).toEqual({ known: undefined, asked: 0 });
    for (const verb of ["CHECK", "STATUS"] as const)
      expect(await ask({ pool: "db" }, away, { verb })).toEqual({
        known: { objects: [], missing: "unread" },
        asked: 0,
      });
    expect(await ask({ pool: "db" }, away, { file: { kubeConfig: null } })).toEqual({
      known: undefined,
      asked: 0,
    });
  });

  test("FAIL-CLOSED: without an answer its own pool is unknown; others that it knew keep their subnets", async () => {
    writeClusterPools(dataDir, [DB]);
    expect(await ask({ pool: "db" }, away)).toEqual({
      known: "whether the cluster has the pool 'db' is not known: the API server is away",
      asked: 1,
    });
    expect(await ask({ subnet: "10.1.0.0/24" }, away)).toEqual({ known: { objects: [DB] }, asked: 1 });
  });

  test("forgets a pool that is gone", async () => {
    writeClusterPools(dataDir, [DB]);
    await ask({ subnet: "10.1.0.0/24" }, { objects: [] });
    expect(await ask({ subnet: "10.1.0.0/24" }, away)).toEqual({ known: { objects: [] }, asked: 0 });
  });
});
