import { existsSync } from "node:fs";
import { type ClusterNames, isSubstitute, joinNames } from "../../ipam/cluster-names.ts";
import type { Cluster } from "../../ipam/cluster-port.ts";
import { areSameCluster } from "../../ipam/cluster-relation.ts";
import { IpamError } from "../../ipam/errors.ts";
import { readLive } from "../../ipam/evidence/live-read.ts";
import type { ClusterSettings } from "../../kubernetes/credentials/credentials.ts";
import { kubeConfigList } from "../../kubernetes/credentials/kubeconfig-list.ts";
import type { ClusterAccess } from "../../operator/cluster-access.ts";
import { readNodeFile } from "../../runtime/node-file.ts";
import type { CommandContext } from "./open.ts";

export interface KubernetesOptions {
  readonly kubeconfig?: string;
}

const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/**
 * Which credentials to use: `--kubeconfig`, else the configuration's kubeConfig, else the files of $KUBECONFIG, else
 * the service account of this pod. Undefined where there are none. Files of $KUBECONFIG that are not there are passed
 * over, as by kubectl; where none is there and this is no pod, reading them fails.
 */
export function clusterSettings(
  given: KubernetesOptions,
  { settings }: Pick<CommandContext, "settings">,
): ClusterSettings | undefined {
  const kubeConfig = given.kubeconfig ?? settings.kubeConfig;
  if (kubeConfig !== undefined) return { kubeConfig };
  const kubeConfigs = kubeConfigList();
  if (kubeConfigs.some((path) => existsSync(path))) return { kubeConfigs };
  const inPod = process.env.KUBERNETES_SERVICE_HOST !== undefined && existsSync(SERVICE_ACCOUNT);
  if (inPod) return {};
  return kubeConfigs.length > 0 ? { kubeConfigs } : undefined;
}

/**
 * Connects to Kubernetes, and makes sure that it is the cluster of this node.
 *
 * @returns undefined where no kubeconfig is given or configured.
 * @throws IpamError kubernetesRefused, tryAgain; invalidConfig for another cluster's kubeconfig.
 */
export async function openAccess(
  given: KubernetesOptions,
  session: CommandContext,
): Promise<ClusterAccess | undefined> {
  const settings = clusterSettings(given, session);
  if (settings === undefined) return undefined;
  // One after the other: Bun's bytecode loader crashes on two chunks that are loaded at once.
  const { openCluster } = await import("../../kubernetes/ports/open-cluster.ts");
  const { openInventory } = await import("../../kubernetes/ports/open-inventory.ts");
  const { loadCredentials, sourceOf } = await import("../../kubernetes/credentials/credentials.ts");
  const source = sourceOf(settings);
  const cluster = await openCluster({ ...settings, nodeFile: readNodeFile });
  const asked = await cluster.clusterNames(session.options.deadline);
  const known = session.ports.clusterNames;
  if (known !== undefined && !(await isOneCluster(asked, known, cluster, session)))
    throw otherCluster(source, asked.name, known.name);
  return {
    cluster,
    inventory: openInventory(settings),
    definition: async (namespace, name, deadline) => {
      const { readDefinition } = await import("../../kubernetes/objects/attachment-definition.ts");
      return readDefinition(settings, namespace, name, deadline);
    },
    workloadsAbove: async (pod, deadline) => {
      const { Api } = await import("../../kubernetes/api/api.ts");
      const { workloadsAbove } = await import("../../kubernetes/objects/workloads-above.ts");
      return workloadsAbove(pod, new Api(loadCredentials(settings)), deadline);
    },
    names: known === undefined ? asked : joinNames(asked, known),
    source,
  };
}

/** Where the names cannot tell, the Node of this node's name does, if it shows this very boot. */
async function isOneCluster(
  asked: ClusterNames,
  known: ClusterNames,
  cluster: Cluster,
  { ports: { node }, options }: CommandContext,
): Promise<boolean> {
  if (areSameCluster(asked, known)) return true;
  if (!isSubstitute(asked.name) && !isSubstitute(known.name)) return false;
  const { state } = await readLive(cluster.node(node.name, options.deadline));
  return typeof state !== "string" && state.bootId === node.bootId;
}

function otherCluster(source: string, name: string, known: string): IpamError {
  return new IpamError(
    "invalidConfig",
    `${source} leads to the cluster ${name}, but this node belongs to the cluster ${known}`,
    "name the kubeconfig of this node's cluster with --kubeconfig",
  );
}
