import { inFull } from "../../ipam/errors.ts";
import { formsOf } from "../../ipam/wish/annotation-forms.ts";
import { controllerOf, malformedReference } from "../../kubernetes/objects/owner-reference.ts";
import { isFault } from "../../kubernetes/objects/sound-reference.ts";
import { type Finding, refuse } from "./finding.ts";
import type { Workload } from "./workload.ts";

/** Whether the pod has an owner that its addresses can be kept for; a pod without a wish needs none. */
export function judgeOwner(workload: Workload): Finding[] {
  const { annotations, kind, owners } = workload;
  if (kind !== "Pod" || Object.values(formsOf(annotations)).flat().length === 0) return [];
  const controller = controllerOf(owners);
  if (controller === undefined || !isFault(controller)) return [];
  return [refuse(inFull(malformedReference(controller, { ...workload, kind: "pod" })))];
}
