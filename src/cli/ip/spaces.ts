import { spacesOf } from "../../operator/spaces.ts";
import type { Session } from "../open.ts";

/** The store's address spaces, and the ones that this node has used, which a store that was emptied knows nothing of. */
export async function spacesOfNode(
  { settings, ports, options }: Session,
  named: string | undefined,
): Promise<string[]> {
  if (named !== undefined) return [named];
  const known = await spacesOf(settings.space, ports.store, options);
  return [...new Set([...known, ...ports.node.storeMemory.spaces()])];
}
