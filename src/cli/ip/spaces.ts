import { readdirSync } from "node:fs";
import { spacesOf } from "../../operator/spaces.ts";
import type { Session } from "../open.ts";

/** The store's address spaces, and the ones that this node has used, which a store that was emptied knows nothing of. */
export async function spacesOfNode(
  { settings, ports, options }: Session,
  named: string | undefined,
): Promise<string[]> {
  if (named !== undefined) return [named];
  const known = await spacesOf(settings.space, ports.store, options);
  return [...new Set([...known, ...rememberedSpaces(`${settings.node.dataDir}/stores`)])];
}

/** Names too long for a file are hashed there; those are named with --space. */
function rememberedSpaces(folder: string): string[] {
  try {
    return readdirSync(folder).flatMap((file) => /^([A-Za-z0-9].*)\.json$/.exec(file)?.[1] ?? []);
  } catch {
    return [];
  }
}
