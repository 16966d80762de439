import { type ClusterNames, isSubstitute, joinNames } from "../../ipam/cluster-names.ts";
import type { Cluster } from "../../ipam/cluster-port.ts";
import { areSameCluster } from "../../ipam/cluster-relation.ts";
import { IpamError } from "../../ipam/errors.ts";
import { readLive } from "../../ipam/evidence/live-read.ts";
import type { ClusterSettings } from "../../kubernetes/credentials/credentials.ts";
import type { ClusterAccess } from "../../operator/cluster-access.ts";
import { readNodeFile } from "../../runtime/node-file.ts";
import { clusterSettings, type KubernetesOptions } from "./cluster-settings.ts";
import type { CommandContext } from "./open.ts";

/** The cluster whose API is the store, by the same credentials; else as `clusterSettings`. */
export function clusterOf(
  given: KubernetesOptions,
  { settings: { cluster, kubeConfig } }: Pick<CommandContext, "settings">,
): ClusterSettings | undefined {
  return cluster ?? clusterSettings(given, kubeConfig);
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
  const settings = clusterOf(given, session);
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
