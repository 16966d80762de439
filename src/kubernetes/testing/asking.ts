import type { Cluster } from "../../ipam/cluster-port.ts";
import { IpamError } from "../../ipam/errors.ts";
import { lazyCluster } from "../ports/lazy-cluster.ts";

/** The pod that tests ask for, and where the API has it. */
export const POD = "/api/v1/namespaces/default/pods/db-0";
export const db0 = { namespace: "default", name: "db-0" };

export function soon(): number {
  return performance.now() + 20_000;
}

export const getPod = (cluster: Cluster) => cluster.pod(db0, soon());

/** Code, message and way out of the failure that a question ends with. */
export async function failureOf(
  ask: (cluster: Cluster) => Promise<unknown>,
  kubeConfig: string,
): Promise<string> {
  try {
    return `no error: ${JSON.stringify(await ask(lazyCluster({ kubeConfig })))}`;
  } catch (error) {
    if (!(error instanceof IpamError)) throw error;
    return `${error.code} ${error.message}; ${error.details}`;
  }
}
