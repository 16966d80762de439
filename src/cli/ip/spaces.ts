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
