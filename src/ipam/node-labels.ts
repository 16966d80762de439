/** A node's labels, or the labels that a node must have. */
export type Labels = Readonly<Record<string, string>>;

/** The labels "key=value" that a selector asks for and a node does not have; none: the node matches. */
export function missingLabels(selector: Labels, labels: Labels): string[] {
  return Object.entries(selector).flatMap(([key, value]) =>
    Object.hasOwn(labels, key) && labels[key] === value ? [] : [`${key}=${value}`],
  );
}
