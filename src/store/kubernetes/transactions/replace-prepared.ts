import type { CallOptions } from "../../../ipam/store-port.ts";
import type { Content } from "../objects/content.ts";
import type { StoredObject } from "../objects/objects.ts";
import type { Session } from "./session.ts";
import { write } from "./write.ts";

/**
 * Puts what a decided transaction has come to in the place of an object that it has prepared; nothing where that is
 * empty. Who wrote over the object before has taken the decision into account.
 *
 * @returns the object as it is then.
 * @throws StoreFailure where it may be prepared still.
 */
export async function replacePrepared(
  session: Session,
  transaction: string,
  object: StoredObject,
  content: Content,
  options: CallOptions,
): Promise<StoredObject | undefined> {
  const { id } = object;
  for (let current = object; ; ) {
    const next = content.size === 0 ? undefined : { id, content, written: session.newId() };
    const done = await write(session, id, current, next, options);
    if (!("changed" in done)) return done.object;
    const there = done.changed;
    if (there?.prepared?.transaction !== transaction) return there;
    current = there;
  }
}
