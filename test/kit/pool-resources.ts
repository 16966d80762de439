import { join } from "node:path";
import type { Kubernetes } from "./kubernetes.ts";
import type { Finished } from "./run.ts";

const DEPLOY = join(import.meta.dir, "../../deploy");

/** Installs pools as the chart does, and waits until they are served. */
export async function installPools({ kubectl }: Kubernetes): Promise<void> {
  await kubectl("apply", "-f", join(DEPLOY, "crds/pools.yaml"), "-f", join(DEPLOY, "rbac/pools.yaml"));
  await kubectl("wait", "--for=condition=Established", "crd/pools.kube-ipam.io");
}

/** `kubectl apply` of one pool, whatever comes of it. */
export async function tryPool(
  { folder, tryKubectl }: Kubernetes,
  name: string,
  spec: object,
  ...flags: string[]
): Promise<Finished> {
  const path = folder.file(`pool-${name}.json`);
  await Bun.write(
    path,
    JSON.stringify({ apiVersion: "kube-ipam.io/v1", kind: "Pool", metadata: { name }, spec }),
  );
  return tryKubectl("apply", "-f", path, ...flags);
}

/** The same, which must go well. */
export async function applyPool(kubernetes: Kubernetes, name: string, spec: object): Promise<void> {
  const { exitCode, stderr } = await tryPool(kubernetes, name, spec);
  if (exitCode !== 0) throw new Error(stderr);
}
