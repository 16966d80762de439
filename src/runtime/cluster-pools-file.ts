import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import * as v from "valibot";
import type { PoolObject } from "../config/settings/cluster-pools.ts";
import type { NodeFileText } from "../config/settings/node-file.ts";

const FILE_NAME = "cluster-pools.json";

const schema = v.object({
  version: v.literal(1),
  pools: v.array(v.object({ name: v.string(), created: v.string(), spec: v.unknown() })),
});

/** The cluster's pools as this node read them last; none where it never did. Never throws. */
export function readClusterPools(dataDir: string): readonly PoolObject[] {
  try {
    return v.parse(schema, JSON.parse(readFileSync(`${dataDir}/${FILE_NAME}`, "utf8"))).pools;
  } catch {
    return [];
  }
}

/** The node's file with the pools that this node read last, for who must not wait for an API server. */
export function withLastPools(file: NodeFileText | undefined, dataDir: string): NodeFileText | undefined {
  return file && { ...file, clusterPools: { objects: readClusterPools(dataDir) } };
}

/** Best effort: without the file, an agent that starts while the API server is away knows no pools. */
export function writeClusterPools(dataDir: string, pools: readonly PoolObject[]): void {
  const text = JSON.stringify({ version: 1, pools });
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const temporary = `${dataDir}/.${FILE_NAME}.${process.pid}`;
    writeFileSync(temporary, text, { mode: 0o600 });
    renameSync(temporary, `${dataDir}/${FILE_NAME}`);
  } catch {
    // The next start asks again.
  }
}
