import type { NodeFacts } from "../../ipam/cluster-port.ts";
import type { NodeObject } from "../api/shapes.ts";

/** The taint by which an operator says that the machine is off (KEP-2268), whatever its value and effect. */
const OUT_OF_SERVICE = "node.kubernetes.io/out-of-service";

/** A node as the decisions see it. A node that says nothing of its readiness is not ready. */
export function nodeFacts({ metadata, spec, status }: NodeObject): NodeFacts {
  const ready = (status.conditions ?? []).find(({ type }) => type === "Ready")?.status;
  const bootId = status.nodeInfo?.bootID ?? "";
  return {
    name: metadata.name,
    ready: ready === "True" ? "true" : ready === "False" ? "false" : "unknown",
    ...(bootId !== "" && { bootId }),
    outOfServiceTaint: spec.taints.some(({ key }) => key === OUT_OF_SERVICE),
    labels: metadata.labels,
  };
}
