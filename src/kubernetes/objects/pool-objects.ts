import type { ClusterPools, PoolObject } from "../../config/settings/cluster-pools.ts";
import type { NodeFileText } from "../../config/settings/node-file.ts";
import { IpamError } from "../../ipam/errors.ts";
import type { Api } from "../api/api.ts";
import { POOLS } from "../api/kinds.ts";
import { listObjects } from "../api/list-objects.ts";
import { NoSuchKind } from "../api/refused.ts";
import type { PoolOfApi } from "../api/shapes.ts";
import type { NetworkAttachmentDefinition } from "./attachment-definition.ts";

/**
 * Reads all pools of the cluster, in one request for up to 500 of them: which one is in force depends on the others.
 * A cluster without the custom resource has none.
 *
 * @param deadline milliseconds of performance.now().
 * @throws IpamError as the Cluster port says.
 */
export async function listPools(api: Api, deadline: number): Promise<ClusterPools> {
  try {
    const objects: PoolObject[] = [];
    for await (const object of listObjects(api, POOLS, deadline)) objects.push(poolOf(object));
    return { objects };
  } catch (failure) {
    if (failure instanceof NoSuchKind) return { objects: [] };
    throw failure;
  }
}

export function poolOf({ metadata, spec }: PoolOfApi): PoolObject {
  return { name: metadata.name, spec, created: metadata.creationTimestamp ?? "" };
}

/** The node's file with the cluster's pools, where a network's definition may name one and the file came without. */
export async function withPools(
  file: NodeFileText | undefined,
  { spec }: NetworkAttachmentDefinition,
  api: Api,
  deadline: number,
): Promise<NodeFileText | undefined> {
  const needless = file === undefined || file.clusterPools !== undefined || !/"pool"/i.test(spec.config);
  return needless ? file : { ...file, clusterPools: await poolsOrWhyNot(api, deadline) };
}

/** For a reader who does without them where they cannot be read, and says so where one is named. */
export async function poolsOrWhyNot(api: Api, deadline: number): Promise<ClusterPools> {
  try {
    return await listPools(api, deadline);
  } catch (missing) {
    if (missing instanceof IpamError) return { objects: [], missing };
    throw missing;
  }
}
