import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { type Cluster, SUBSTITUTE_UID } from "../ipam/cluster-port.ts";
import { IpamError } from "../ipam/errors.ts";

const FILE_NAME = "cluster";

/** The cluster's UID as an earlier ADD of this node found it; undefined before the first. Never throws. */
export function knownClusterUid(dataDir: string): string | undefined {
  try {
    return readFileSync(`${dataDir}/${FILE_NAME}`, "utf8").trim() || undefined;
  } catch {
    return undefined;
  }
}

/**
 * The cluster's UID. A node asks for it once and remembers it; a substitute it asks for again. Without it
 * two clusters on one store could take each other's records for their own, so an ADD needs it even where
 * it needs nothing else of Kubernetes (FAIL-CLOSED).
 *
 * @param deadline milliseconds of performance.now().
 * @throws IpamError tryAgain or kubernetesRefused, with the reason why the UID is needed.
 */
export async function requireClusterUid(
  dataDir: string,
  cluster: Cluster,
  deadline: number,
): Promise<string> {
  const known = knownClusterUid(dataDir);
  if (known !== undefined && !known.startsWith(SUBSTITUTE_UID)) return known;
  const uid = await cluster.clusterUid(deadline).catch((failure) => {
    throw failure instanceof IpamError ? withReason(failure) : failure;
  });
  if (uid !== known) remember(dataDir, uid);
  return uid;
}

/** Where the runtime delivered the pod's annotations, the request to Kubernetes would be a surprise. */
function withReason({ details, message, name }: IpamError): IpamError {
  const why = "each node must read its cluster's UID once, because two clusters may share one store";
  return new IpamError(name, message, details === "" ? why : `${details}; ${why}`);
}

/** Best effort: without the file, the next ADD asks again. */
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
