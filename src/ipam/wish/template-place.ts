import type { Annotations } from "./annotation.ts";
import { isMeantForUs, rightKey } from "./annotation-keys.ts";

/** Where the annotations of a workload's pods stand, in an object of this kind. */
export function templatePlace(kind: string): string {
  return `${kind === "CronJob" ? "spec.jobTemplate.spec.template" : "spec.template"}.metadata.annotations`;
}

/**
 * Of keys beside a workload's template the first `most` that are meant for us, and that its pods do not have, spelt so
 * or right.
 */
export function misplacedKeys(keys: readonly string[], ofPods: Annotations, most: number): string[] {
  const isThere = (key: string | undefined) => key !== undefined && Object.hasOwn(ofPods, key);
  const found: string[] = [];
  for (const key of keys) {
    if (found.length === most) break;
    if (isMeantForUs(key) && !isThere(key) && !isThere(rightKey(key))) found.push(key);
  }
  return found;
}
