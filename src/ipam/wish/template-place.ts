/** Where the annotations of a workload's pods stand, in an object of this kind. */
export function templatePlace(kind: string): string {
  return `${kind === "CronJob" ? "spec.jobTemplate.spec.template" : "spec.template"}.metadata.annotations`;
}
