import { join } from "node:path";
import type { Kubernetes } from "./kubernetes.ts";

/** As they are shipped. */
export const DEFINITIONS = join(import.meta.dir, "../../deploy/crds/store.yaml");

/** Installs the custom resources of the store on Kubernetes' own API, as shipped, and waits until they are served. */
export async function installStoreResources(kubernetes: Kubernetes): Promise<void> {
  await kubernetes.kubectl("apply", "--server-side", "-f", DEFINITIONS);
  await kubernetes.kubectl("wait", "--for=condition=Established", "-f", DEFINITIONS);
}

/**
 * The store with the shipped rights, but without the policies that tell nodes apart: these have tests of their own
 * (store-stolen, store-honest), and here all nodes share a token that names none.
 */
export async function installStoreOfOneToken(kubernetes: Kubernetes): Promise<void> {
  await installStoreResources(kubernetes);
  await kubernetes.kubectl("apply", "-f", RIGHTS);
  const bindings = ["kube-ipam-store-writers", "kube-ipam-store-nodes"];
  await kubernetes.kubectl("delete", "validatingadmissionpolicybinding", ...bindings);
}

const RIGHTS = join(import.meta.dir, "../../deploy/rbac/store.yaml");
