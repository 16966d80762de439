import type { AskingPools } from "../cni/protocol/call.ts";
import { type ClusterPools, UNREAD_POOLS, unknownPool } from "../config/settings/cluster-pools.ts";
import { type NodeFile, type NodeFileText, readNodeFile } from "../config/settings/node-file.ts";
import { DEFAULTS } from "../config/settings/setting-defaults.ts";
import { isObject, type Json } from "../config/text/json-text.ts";
import { memberInAnyCase } from "../config/text/places.ts";
import { IpamError } from "../ipam/errors.ts";
import { readClusterPools, writeClusterPools } from "./cluster-pools-file.ts";
import { readNodeFile as readThisNodesFile } from "./node-file.ts";
import { configuredCluster, hasCluster } from "./open-ports.ts";

/**
 * The cluster's pools for one verb of the plugin without an agent. Asks the API server where an ADD names a pool that
 * the node's file lacks, and where this node has seen any pool before; so a cluster without pools costs no request.
 *
 * @returns undefined where no cluster is at hand.
 * @throws IpamError tryAgain or kubernetesRefused, where the network's own pool cannot be read (FAIL-CLOSED).
 */
export async function clusterPoolsFor(
  { verb, document, file: text, deadline }: AskingPools,
  list: typeof listLive = listLive,
): Promise<ClusterPools | undefined> {
  if (verb === "DEL" || verb === "GC") return undefined;
  const file = looselyRead(text);
  if (!hasCluster(file.settings)) return undefined;
  if (verb !== "ADD") return UNREAD_POOLS;
  const { dataDir = DEFAULTS.dataDir, kubeConfig } = file.settings;
  const named = poolNamedIn(document);
  const needed = named !== undefined && !Object.hasOwn(file.pools, named);
  const before = readClusterPools(dataDir);
  if (!needed && before.length === 0) return { objects: [] };
  try {
    const read = await list(kubeConfig, deadline);
    if (!Bun.deepEquals(read.objects, before)) writeClusterPools(dataDir, read.objects);
    return read;
  } catch (failure) {
    if (!(failure instanceof IpamError)) throw failure;
    if (needed) throw unknownPool(named, failure);
    return { objects: before };
  }
}

/** How long a command waits for the pools. */
const PATIENCE_MS = 5_000;

/** The node's file with the cluster's pools, for a command: where they cannot be read, it says why of who names one. */
export async function withClusterPools(file: NodeFileText): Promise<NodeFileText> {
  const { settings } = looselyRead(file);
  if (!hasCluster(settings)) return file;
  try {
    return { ...file, clusterPools: await listLive(settings.kubeConfig, performance.now() + PATIENCE_MS) };
  } catch (missing) {
    if (!(missing instanceof IpamError)) throw missing;
    return { ...file, clusterPools: { objects: [], missing } };
  }
}

/** The same of this node's file, for the networks of these configurations; asks only where one may name a pool. */
export async function nodeFileFor(texts: readonly string[]): Promise<NodeFileText | undefined> {
  const file = readThisNodesFile();
  const needless = file === undefined || !texts.some((text) => /"pool"/i.test(text));
  return needless ? file : withClusterPools(file);
}

async function listLive(kubeConfig: string | undefined, deadline: number): Promise<ClusterPools> {
  // One after the other: Bun's bytecode loader crashes on two chunks that are loaded at once.
  const { loadCredentials } = await import("../kubernetes/credentials/credentials.ts");
  const { Api } = await import("../kubernetes/api/api.ts");
  const { listPools } = await import("../kubernetes/objects/pool-objects.ts");
  return listPools(new Api(loadCredentials(configuredCluster(kubeConfig))), deadline);
}

/** What is wrong in it, whoever reads it for the verb says. */
function looselyRead(text: NodeFileText): NodeFile {
  const ignore = () => undefined;
  return readNodeFile(text, { warn: ignore, refuse: ignore, tolerates: () => true });
}

function poolNamedIn(document: Json): string | undefined {
  const ipam = memberInAnyCase(document, "ipam");
  const pool = isObject(ipam) ? memberInAnyCase(ipam, "pool") : undefined;
  return typeof pool === "string" ? pool : undefined;
}
