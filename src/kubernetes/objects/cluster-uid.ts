import { SUBSTITUTE_UID } from "../../ipam/cluster-port.ts";
import type { Api } from "../api/api.ts";
import { NAMESPACES } from "../api/kinds.ts";

const KUBE_SYSTEM = { name: "kube-system" } as const;

/**
 * The UID of a cluster: that of its namespace kube-system, which cannot be deleted. Where the credentials do
 * not allow to read it, a hash of the authority that signs the API server's certificate takes its place; it
 * has a prefix of its own, because it changes with that authority.
 *
 * @throws IpamError as the Cluster port says.
 */
export async function clusterUid(api: Api, deadline: number): Promise<string> {
  const found = await api.tryGet(NAMESPACES, KUBE_SYSTEM, deadline);
  return found?.metadata.uid ?? substitute(await api.authority(deadline));
}

function substitute(authority: string): string {
  return SUBSTITUTE_UID + new Bun.CryptoHasher("sha256").update(authority).digest("hex").slice(0, 32);
}
