import { CAPS } from "../../address/caps.ts";
import { isNearMiss, rightKey } from "../../ipam/wish/annotation-keys.ts";
import { misplacedKeys, templatePlace } from "../../ipam/wish/template-place.ts";
import { type Finding, warn } from "./finding.ts";
import type { Workload } from "./workload.ts";

/**
 * Annotations of ours on a workload itself, where no pod sees them; also near misses of ours, and those
 * of a CronJob's Jobs. Only a warning: its pods start all the same, with any address.
 */
export function judgePlace({ annotations, besideTemplate, kind }: Workload): Finding[] {
  return misplacedKeys(besideTemplate, annotations, CAPS.findings).map((key) => {
    const right = isNearMiss(key) ? rightKey(key) : undefined;
    const place = `it belongs into ${templatePlace(kind)}${right === undefined ? "" : ` as ${right}`}`;
    return warn(`${key} on the ${kind} itself reaches no pod: ${place}`);
  });
}
