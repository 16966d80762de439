import { spacesOf } from "../../operator/spaces.ts";
import type { Session } from "../session/open.ts";

/** The address spaces of the store, and those that this node has used: an emptied store no longer knows them. */
export async function spacesOfNode(
  { settings, ports, options }: Session,
  named: string | undefined,
): Promise<string[]> {
  if (named !== undefined) return [named];
  const known = await spacesOf(settings.space, ports.store, options);
  return [...new Set([...known, ...ports.node.storeMemory.spaces()])];
}
