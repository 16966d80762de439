import type { Cluster } from "../../ipam/cluster-port.ts";
import type { PodId } from "../../ipam/records.ts";
import { Api } from "../api/api.ts";
import { NODES, PODS } from "../api/kinds.ts";
import { listObjects } from "../api/list-objects.ts";
import { type ClusterSettings, loadCredentials } from "../credentials/credentials.ts";
import { getDefinition } from "../objects/attachment-definition.ts";
import { clusterNames } from "../objects/cluster-names.ts";
import { definedNetwork } from "../objects/defined-network.ts";
import { nodeFacts } from "../objects/node-facts.ts";
import { ownerOf } from "../objects/owner-of.ts";
import { ownerState } from "../objects/owner-state.ts";
import { podFacts } from "../objects/pod-facts.ts";
import { podTemplate } from "../objects/pod-template.ts";
import { withPools } from "../objects/pool-objects.ts";

/**
 * Opens the Cluster port on Kubernetes. Every method is one live request or a short chain of them,
 * each within the deadline; nothing is cached.
 *
 * @param settings which kubeconfig to use; without one, the service account of this pod.
 * @throws IpamError kubernetesRefused naming the file, when it cannot be read or used.
 */
export async function openCluster(settings: ClusterSettings): Promise<Cluster> {
  return clusterOn(new Api(loadCredentials(settings)), settings);
}

/** The Cluster port on a client that is already open. */
export function clusterOn(api: Api, { nodeFile }: Pick<ClusterSettings, "nodeFile"> = {}): Cluster {
  return {
    clusterNames: (deadline) => clusterNames(api, deadline),
    pod: async ({ namespace, name }: PodId, deadline) => {
      const pod = await api.getBuiltIn(PODS, { namespace, name }, deadline);
      return pod && podFacts(pod);
    },
    node: async (name, deadline) => {
      const node = await api.getBuiltIn(NODES, { name }, deadline);
      return node && nodeFacts(node);
    },
    ownerOf: (pod, deadline) => ownerOf(pod, api, deadline),
    ownerState: (owner, deadline) => ownerState(owner, api, deadline),
    template: (owner, deadline) => podTemplate(owner, api, deadline),
    podsIn: async function* (namespace, deadline) {
      for await (const pod of listObjects(api, PODS, deadline, namespace)) yield podFacts(pod);
    },
    definedNetwork: async (namespace, name, deadline) => {
      const definition = await getDefinition(api, namespace, name, deadline);
      return (
        definition && definedNetwork(definition, await withPools(nodeFile?.(), definition, api, deadline))
      );
    },
  };
}
