import { type ClusterNames, namesOf, substituteOf } from "../../ipam/cluster-names.ts";
import type { Api } from "../api/api.ts";
import { NAMESPACES } from "../api/kinds.ts";

const KUBE_SYSTEM = { name: "kube-system" } as const;

/**
 * What a cluster is called: the UID of its namespace kube-system, which cannot be deleted, where the
 * credentials allow to read it; and a substitute for each authority that may sign the API server's
 * certificate.
 *
 * @throws IpamError as the Cluster port says.
 */
export async function clusterNames(api: Api, deadline: number): Promise<ClusterNames> {
  const found = await api.tryGet(NAMESPACES, KUBE_SYSTEM, deadline);
  return namesOf(found?.metadata.uid, await substitutes(await api.authorities(deadline), api.server));
}

/**
 * One for the key of each authority: another text, order or validity of the same certificates names the same
 * cluster. A server with a path stands behind a proxy that has other clusters under other paths. Where the
 * credentials name no authority of the cluster's own, the server's URL has to do.
 */
async function substitutes(pem: string | undefined, server: string): Promise<string[]> {
  // Only here, and a node asks once: to read certificates takes longer than to ask.
  const { authorityKeys } = await import("../credentials/authority-keys.ts");
  const keys = pem === undefined ? [] : await authorityKeys(pem);
  if (pem === undefined || keys.length === 0) return [substituteOf(hash(server))];
  const { pathname } = new URL(server);
  return keys.map((key) => substituteOf(pathname === "/" ? hash(key) : hash(key, pathname)));
}

function hash(...parts: readonly (string | Uint8Array)[]): string {
  const hasher = new Bun.CryptoHasher("sha256");
  for (const part of parts) hasher.update(part);
  return hasher.digest("hex").slice(0, 32);
}
