import type { CallOptions, Guard } from "../../../ipam/store-port.ts";
import { refText } from "../objects/ref-text.ts";
import type { Session } from "./session.ts";
import type { Share } from "./share.ts";
import { type View, view } from "./view.ts";

/** Revision of a record, as guards compare it; 0 where it is absent. What cannot be read is there. */
export function revisionIn({ content, object }: View, ref: Guard["ref"]): number {
  if (object === undefined) return 0;
  return content === undefined || content.has(refText(ref)) ? Number(object.version) : 0;
}

/** Whether the guards on one object hold. */
export function holds(seen: View, guards: readonly Guard[]): boolean {
  return guards.every(({ ref, revision }) => revisionIn(seen, ref) === revision);
}

/** Whether the guards on objects that a transaction leaves alone hold now. @throws StoreFailure */
export async function holdNow(
  session: Session,
  compared: readonly Share[],
  options: CallOptions,
): Promise<boolean> {
  const looks = compared.map(async ({ guards, id }) => holds(await view(session, id, options), guards));
  return (await Promise.all(looks)).every(Boolean);
}
