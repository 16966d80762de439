import { readdirSync } from "node:fs";
import type { Session } from "../open.ts";

/** The address spaces that an answer is looked for in: the named one, else all that the store's networks use. */
export async function spacesOf(
  { settings, ports, options }: Session,
  named: string | undefined,
): Promise<string[]> {
  if (named !== undefined) return [named];
  const spaces = new Set([settings.space]);
  for await (const { record } of ports.store.list({ kind: "network" }, options)) spaces.add(record.space);
  return [...spaces];
}

/** Those, and the ones that this node has used, which a store that was emptied knows nothing of. */
export async function spacesOfNode(session: Session, named: string | undefined): Promise<string[]> {
  const known = await spacesOf(session, named);
  if (named !== undefined) return known;
  return [...new Set([...known, ...rememberedSpaces(`${session.settings.node.dataDir}/stores`)])];
}

/** Names too long for a file are hashed there; those are named with --space. */
function rememberedSpaces(folder: string): string[] {
  try {
    return readdirSync(folder).flatMap((file) => /^([A-Za-z0-9].*)\.json$/.exec(file)?.[1] ?? []);
  } catch {
    return [];
  }
}
