import { SUBSTITUTE_UID } from "../../ipam/cluster-port.ts";
import type { Api } from "../api/api.ts";
import { NAMESPACES } from "../api/kinds.ts";

const KUBE_SYSTEM = { name: "kube-system" } as const;

/**
 * The UID of kube-system names a cluster: that namespace is made once and cannot be deleted. Where
 * the credentials do not reach it, what signs the API server's certificate tells two clusters apart
 * too; such a name bears a mark, because it changes with that authority.
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
