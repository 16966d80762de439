import type { Following, Inventory, Seen } from "../../ipam/inventory-port.ts";
import { Api } from "../api/api.ts";
import { followObjects } from "../api/follow-objects.ts";
import { NODES, PODS } from "../api/kinds.ts";
import { listObjects } from "../api/list-objects.ts";
import { type ClusterSettings, loadCredentials } from "../credentials/credentials.ts";
import { nodeFacts } from "../objects/node-facts.ts";
import { podFacts } from "../objects/pod-facts.ts";

/**
 * Opens the Inventory port on Kubernetes.
 *
 * @param settings which kubeconfig to use; without one, the service account of this pod.
 * @throws IpamError kubernetesRefused naming the file, when it cannot be read or used.
 */
export function openInventory(settings: ClusterSettings): Inventory {
  return inventoryOn(new Api(loadCredentials(settings)));
}

/** The Inventory port on a client that is already open. */
export function inventoryOn(api: Api): Inventory {
  return {
    pods: (deadline) => mapped(listObjects(api, PODS, deadline), podFacts),
    nodes: (deadline) => mapped(listObjects(api, NODES, deadline), nodeFacts),
  };
}

/**
 * The Following port on a client that is already open.
 *
 * @param failed is told why a list or a watch failed, before it is tried again.
 */
export function followingOn(api: Api, failed: (failure: unknown) => void): Following {
  return {
    pods: (signal) => mapped(followObjects(api, PODS, { signal, failed }), seenAs(podFacts)),
    nodes: (signal) => mapped(followObjects(api, NODES, { signal, failed }), seenAs(nodeFacts)),
  };
}

function seenAs<T, U>(map: (object: T) => U): (seen: Seen<T>) => Seen<U> {
  return (seen) => ("object" in seen ? { ...seen, object: map(seen.object) } : seen);
}

async function* mapped<T, U>(source: AsyncIterable<T>, map: (item: T) => U): AsyncGenerator<U> {
  for await (const item of source) yield map(item);
}
