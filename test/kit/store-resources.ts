import { join } from "node:path";
import type { Kubernetes } from "./kubernetes.ts";

/** As they are shipped. */
export const DEFINITIONS = join(import.meta.dir, "../../deploy/crds/store.yaml");

/** Installs the custom resources of the store on Kubernetes' own API, as shipped, and waits until they are served. */
export async function installStoreResources(kubernetes: Kubernetes): Promise<void> {
  await kubernetes.kubectl("apply", "--server-side", "-f", DEFINITIONS);
  await kubernetes.kubectl("wait", "--for=condition=Established", "-f", DEFINITIONS);
}
