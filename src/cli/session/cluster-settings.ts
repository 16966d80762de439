import { existsSync } from "node:fs";
import { homeKubeConfig, kubeConfigList } from "../../kubernetes/credentials/kubeconfig-list.ts";
import { isInPod } from "../../kubernetes/credentials/service-account.ts";
import type { ClusterAccess } from "../../store/configured-store.ts";

/** The options that name a cluster, and who asks it. */
export interface KubernetesOptions {
  readonly kubeconfig?: string;
  /** One of the kubeconfig's contexts. */
  readonly context?: string;
}

/**
 * Which credentials to use: `--kubeconfig`, else the configuration's kubeConfig, else the files of $KUBECONFIG, else
 * the service account of this pod, and `atHome` at last ~/.kube/config, as kubectl. Undefined where there are none.
 * Files of $KUBECONFIG that are not there are passed over, as by kubectl; where none is there and this is no pod,
 * reading them fails.
 */
export function clusterSettings(
  { context, kubeconfig }: KubernetesOptions,
  configured: string | undefined,
  { atHome = false } = {},
): ClusterAccess | undefined {
  const found = foundCluster(kubeconfig ?? configured, atHome);
  return found && context !== undefined ? { ...found, context } : found;
}

function foundCluster(kubeConfig: string | undefined, atHome: boolean): ClusterAccess | undefined {
  if (kubeConfig !== undefined) return { kubeConfig };
  const kubeConfigs = kubeConfigList();
  if (kubeConfigs.some((path) => existsSync(path))) return { kubeConfigs };
  if (isInPod()) return {};
  if (kubeConfigs.length > 0) return { kubeConfigs };
  return atHome && existsSync(homeKubeConfig()) ? { kubeConfig: homeKubeConfig() } : undefined;
}
