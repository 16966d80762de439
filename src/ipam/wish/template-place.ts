import type { Annotations } from "./annotation.ts";
import { isMeantForUs, rightKey } from "./annotation-keys.ts";

/** Where the annotations of a workload's pods stand, in an object of this kind. */
export function templatePlace(kind: string): string {
  return `${kind === "CronJob" ? "spec.jobTemplate.spec.template" : "spec.template"}.metadata.annotations`;
}

/** Of keys beside a workload's template those that are meant for us, and that its pods do not have, spelt so or right. */
export function misplacedKeys(keys: readonly string[], ofPods: Annotations): string[] {
  const isThere = (key: string | undefined) => key !== undefined && Object.hasOwn(ofPods, key);
  return keys.filter((key) => isMeantForUs(key) && !isThere(key) && !isThere(rightKey(key)));
}
