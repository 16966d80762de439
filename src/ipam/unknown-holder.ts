import type { Holder } from "./records.ts";

/** Stands for a node or a container that an import could not tell: no DEL ever comes from it. */
export const UNKNOWN = "(unknown)";

/** Whether no DEL can free what this holder has, because its node or its container is not known. */
export function isUnknownHolder({ attachment, node }: Pick<Holder, "attachment" | "node">): boolean {
  return node === UNKNOWN || attachment.container === UNKNOWN;
}
