import type { CallOptions, Guard } from "../../../ipam/store-port.ts";
import { refText } from "../objects/ref-text.ts";
import type { Session } from "./session.ts";
import type { Share } from "./share.ts";
import { settled, type View } from "./view.ts";

/** Revision of a record, as guards compare it; 0 where it is absent. What cannot be read is there. */
export function revisionIn({ content, object }: View, ref: Guard["ref"]): number {
  if (object === undefined) return 0;
  if (content === undefined) return Number(object.version);
  const part = content.get(refText(ref));
  return part === undefined ? 0 : (part.revision ?? Number(object.version));
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
  const looks = compared.map(async ({ guards, id }) => {
    const object = await session.shared.get(id, options);
    return holds(await settled(session, id, object, options), guards);
  });
  return (await Promise.all(looks)).every(Boolean);
}
