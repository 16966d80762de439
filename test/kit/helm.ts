import { existsSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "./etcd-binaries.ts";
import { type Finished, run } from "./run.ts";

export const CHART = join(import.meta.dir, "../../deploy/chart");

/** Where scripts/helm.sh puts it. */
export const HELM_FOLDER = process.env.KUBE_IPAM_HELM ?? join(cacheFolder(), "helm-v4.3.1");

/** Runs the Helm that scripts/helm.sh has built. */
export function helm(...args: string[]): Promise<Finished> {
  const program = join(HELM_FOLDER, "helm");
  if (!existsSync(program)) throw new Error(`expected Helm at ${program}: run 'scripts/helm.sh' first`);
  return run([program, ...args], { env: { HOME: "/nonexistent" } });
}

/** The chart's objects, as text; throws with Helm's words when it refuses. */
export async function render(...args: string[]): Promise<string> {
  const finished = await helm("template", "kube-ipam", CHART, "--namespace=kube-system", ...args);
  if (finished.exitCode !== 0) throw new Error(finished.stderr.trim());
  return finished.stdout;
}
