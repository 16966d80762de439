import type { StoredObject } from "../objects/objects.ts";
import type { Session } from "./session.ts";
import type { Share } from "./share.ts";

/**
 * What a transaction may write over without reading it first, because the write is guarded by its version: the object as
 * it was seen last, or that there is none, where the guards say so. Undefined where nothing is known. Guards that do not
 * hold of it say nothing yet: it may be old.
 */
export function remembered(
  session: Session,
  { guards, id }: Share,
): { readonly object: StoredObject | undefined } | undefined {
  const object = session.seen.get(id);
  const isNew = guards.length > 0 && guards.every(({ revision }) => revision === 0);
  return object !== undefined || isNew ? { object } : undefined;
}
