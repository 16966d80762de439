import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { type Cluster, SUBSTITUTE_UID } from "../ipam/cluster-port.ts";
import { IpamError } from "../ipam/errors.ts";

const FILE_NAME = "cluster";

/** The cluster's UID as an earlier ADD of this node found it; undefined before the first. */
export function knownClusterUid(dataDir: string): string | undefined {
  try {
    return readFileSync(`${dataDir}/${FILE_NAME}`, "utf8").trim() || undefined;
  } catch {
    return undefined;
  }
}

/**
 * The cluster's UID, asked for once in a node's life, or again and again where only a substitute is to
 * be had. Without it two clusters on one store could take each other's records for their own, so an
 * ADD does not go on without (FAIL-CLOSED), even one that needs nothing else of Kubernetes.
 *
 * @throws IpamError tryAgain or kubernetesRefused, saying what it is needed for.
 */
export async function requireClusterUid(
  dataDir: string,
  cluster: Cluster,
  deadline: number,
): Promise<string> {
  const known = knownClusterUid(dataDir);
  if (known !== undefined && !known.startsWith(SUBSTITUTE_UID)) return known;
  const uid = await cluster.clusterUid(deadline).catch((failure) => {
    throw failure instanceof IpamError ? neededOnce(failure) : failure;
  });
  if (uid !== known) remember(dataDir, uid);
  return uid;
}

/** Where the pod's annotations came from the runtime, nobody would guess why Kubernetes is asked at all. */
function neededOnce({ details, message, name }: IpamError): IpamError {
  const why = "once in its life a node must learn its cluster's UID, as two clusters may share one store";
  return new IpamError(name, message, details === "" ? why : `${details}; ${why}`);
}

/** Best effort: what cannot be remembered is asked for again. */
function remember(dataDir: string, uid: string): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const temporary = `${dataDir}/.${FILE_NAME}.${process.pid}`;
    writeFileSync(temporary, `${uid}\n`, { mode: 0o600 });
    renameSync(temporary, `${dataDir}/${FILE_NAME}`);
  } catch {
    // The next ADD asks again.
  }
}
