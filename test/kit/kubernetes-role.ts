import { join } from "node:path";
import type { Kubernetes } from "./kubernetes.ts";

const MANIFEST = join(import.meta.dir, "../../deploy/rbac/plugin.yaml");

/** Applies the shipped role and gives a token of its service account: exactly what a node gets. */
export async function pluginToken(kubernetes: Kubernetes): Promise<string> {
  await kubernetes.kubectl("apply", "-f", MANIFEST);
  return (await kubernetes.kubectl("-n", "kube-system", "create", "token", "kube-ipam")).trim();
}
