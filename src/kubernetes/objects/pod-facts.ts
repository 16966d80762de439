import type { PodFacts } from "../../ipam/cluster-port.ts";
import type { Pod } from "../api/shapes.ts";

/** What the decisions need to know of a pod. */
export function podFacts({ metadata, spec, status }: Pod): PodFacts {
  const { annotations, labels, name, namespace, ownerReferences, uid } = metadata;
  return {
    namespace,
    name,
    uid,
    ...(spec.nodeName !== undefined && { nodeName: spec.nodeName }),
    annotations,
    labels,
    deleting: metadata.deletionTimestamp !== undefined,
    finished: status.phase === "Succeeded" || status.phase === "Failed",
    mirror: "kubernetes.io/config.mirror" in annotations,
    ownerReferences,
    hostNetwork: spec.hostNetwork,
    podIPs: podIPsOf(status),
  };
}

/** `podIP` is the first of `podIPs`; what was written for clusters with one address may have it alone. */
function podIPsOf({ podIP, podIPs }: Pod["status"] & object): string[] {
  const listed = (podIPs ?? []).map(({ ip }) => ip);
  return listed.length === 0 && podIP ? [podIP] : listed;
}
