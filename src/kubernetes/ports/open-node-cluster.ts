import type { AskingPod, Cluster } from "../../ipam/cluster-port.ts";
import type { Log } from "../../ipam/ports.ts";
import { Api } from "../api/api.ts";
import { type ClusterSettings, loadCredentials } from "../credentials/credentials.ts";
import { recordEvent } from "../objects/events.ts";
import { ForeseenOwners } from "../objects/foreseen-owners.ts";
import { NodePods } from "../objects/node-pods.ts";
import { ownerOf, readController } from "../objects/owner-of.ts";
import { SharedControllers } from "../objects/shared-controllers.ts";
import { clusterOn } from "./open-cluster.ts";

/** The node whose pods are watched. */
export interface NodeClusterOptions {
  readonly nodeName: string;
  readonly log: Log;
  /** Ends the watch. */
  readonly signal: AbortSignal;
}

const EVENT_MS = 5_000;
/** What went as it should. */
const NORMAL: ReadonlySet<string> = new Set(["AddressHandedOver", "AddressReplaced"]);
const COMPONENT = "kube-ipam-agent";

/**
 * Opens the Cluster port for a daemon of one node, which knows the node's pods by a watch. It still reads
 * live everything that a decision about a holder needs.
 *
 * @throws IpamError as openCluster does.
 */
export async function openNodeCluster(
  settings: ClusterSettings,
  { nodeName, log, signal }: NodeClusterOptions,
): Promise<Cluster> {
  const api = new Api(loadCredentials(settings));
  const cluster = clusterOn(api, settings);
  const controllers = new SharedControllers(readController(api));
  const ask = (pod: AskingPod, deadline: number) =>
    ownerOf(pod, api, deadline, controllers.for(pods.rankOf(pod), pods.count));
  const owners = new ForeseenOwners({ pod: (id) => pods.get(id), ask });
  const pods: NodePods = new NodePods(api, nodeName, log, (pod) => owners.appeared(pod));
  signal.addEventListener("abort", () => pods.stop());
  if (signal.aborted) pods.stop();
  return {
    ...cluster,
    askingPod: async (pod, deadline) => pods.get(pod) ?? cluster.pod(pod, deadline),
    seenPod: (pod) => pods.get(pod),
    ownerOf: ask,
    event: ({ namespace, name, uid }, reason, message) =>
      recordEvent(
        api,
        {
          concerned: { kind: "Pod", namespace, name, ...(uid !== undefined && { uid }) },
          type: NORMAL.has(reason) ? "Normal" : "Warning",
          reason,
          message,
          component: COMPONENT,
        },
        performance.now() + EVENT_MS,
      ),
  };
}
