import { type ClusterNames, isSubstitute } from "../ipam/cluster-names.ts";
import type { Cluster } from "../ipam/cluster-port.ts";
import { IpamError } from "../ipam/errors.ts";
import { learnNames, namesBy, shareNames } from "./cluster-memory.ts";
import { readClusterMemory, writeClusterMemory } from "./cluster-memory-file.ts";

/** What the cluster is called, as earlier ADDs of this node found it; undefined before the first. Never throws. */
export function knownClusterNames(dataDir: string): ClusterNames | undefined {
  const memory = readClusterMemory(dataDir);
  return memory && namesBy(memory);
}

/**
 * What the cluster is called. A node asks for its UID once and remembers it; where it knows only a
 * substitute it asks again, and goes on to know the former ones. Without any name two clusters on one store
 * could take each other's records for their own, so an ADD needs one even where it needs nothing else of
 * Kubernetes (FAIL-CLOSED).
 *
 * @param nodeName this node's name, by which its Node object is read where that is needed.
 * @param deadline milliseconds of performance.now().
 * @throws IpamError tryAgain or kubernetesRefused, with the reason why the name is needed.
 */
export async function requireClusterNames(
  dataDir: string,
  nodeName: string,
  cluster: Cluster,
  deadline: number,
): Promise<ClusterNames> {
  const known = readClusterMemory(dataDir);
  if (known?.uid !== undefined) return namesBy(known);
  try {
    const asked = await cluster.clusterNames(deadline);
    // Which Node this is proves later that the cluster has changed its name, and not the node its cluster.
    const isNodeNeeded = known === undefined ? isSubstitute(asked.name) : !shareNames(known, asked);
    const node = isNodeNeeded ? await nodeUid(cluster, nodeName, deadline) : known?.node;
    const memory = learnNames(known, asked, node);
    if (!Bun.deepEquals(memory, known)) writeClusterMemory(dataDir, memory);
    return namesBy(memory);
  } catch (failure) {
    throw failure instanceof IpamError ? withReason(failure) : failure;
  }
}

/** Undefined where the credentials do not allow to read it, or there is none. @throws IpamError tryAgain. */
async function nodeUid(cluster: Cluster, name: string, deadline: number): Promise<string | undefined> {
  try {
    return (await cluster.node(name, deadline))?.uid;
  } catch (failure) {
    if (failure instanceof IpamError && failure.name === "kubernetesRefused") return undefined;
    throw failure;
  }
}

/** Where the runtime delivered the pod's annotations, the request to Kubernetes would be a surprise. */
function withReason({ details, message, name }: IpamError): IpamError {
  const why = "each node must read its cluster's UID once, because two clusters may share one store";
  return new IpamError(name, message, details === "" ? why : `${details}; ${why}`);
}
