import type { NodeFacts } from "../../ipam/cluster-port.ts";
import type { NodeObject } from "../api/shapes.ts";

/** The taint that declares a machine to be off (KEP-2268), with any value and effect. */
const OUT_OF_SERVICE = "node.kubernetes.io/out-of-service";

/** What the decisions need to know of a Node. Its readiness is "unknown" where the Node does not report it. */
export function nodeFacts({ metadata, spec, status }: NodeObject): NodeFacts {
  const ready = (status.conditions ?? []).find(({ type }) => type === "Ready")?.status;
  const bootId = status.nodeInfo?.bootID ?? "";
  return {
    name: metadata.name,
    uid: metadata.uid,
    ready: ready === "True" ? "true" : ready === "False" ? "false" : "unknown",
    ...(bootId !== "" && { bootId }),
    outOfServiceTaint: spec.taints.some(({ key }) => key === OUT_OF_SERVICE),
    labels: metadata.labels,
  };
}
