import { type CallOptions, StoreFailure } from "../../../ipam/store-port.ts";
import { EMPTY, pinned } from "../objects/content.ts";
import type { ObjectId } from "../objects/names.ts";
import type { NewObject, StoredObject } from "../objects/objects.ts";
import type { Session } from "./session.ts";

/** What a write has come to: the object as it is now (undefined: gone), or that it was another one before. */
export type Written = { readonly object: StoredObject | undefined } | "changed";

/**
 * Makes of an object what it is to be, if it still is what it was. Where no answer comes, looks whether it happened;
 * and where it did not, makes sure that it never will.
 *
 * @param after undefined: nothing.
 * @throws StoreFailure "unknown-outcome" where even that remains unknown.
 */
export async function write(
  session: Session,
  id: ObjectId,
  before: StoredObject | undefined,
  after: NewObject | undefined,
  options: CallOptions,
  isOurs = (object: StoredObject) => object.written === after?.written,
): Promise<Written> {
  const done = await perform(session, before, after, options).catch((failure) => {
    if (!isUnknown(failure)) throw failure;
    return resolve(session, id, before, after, options, isOurs).catch(() => {
      throw failure;
    });
  });
  if (done !== "changed") session.seen.set(id, done.object);
  return done;
}

/**
 * Whether a write whose answer did not come has happened. Another write in its place keeps one from happening later
 * that is still on its way.
 */
export async function resolve(
  session: Session,
  id: ObjectId,
  before: StoredObject | undefined,
  after: NewObject | undefined,
  options: CallOptions,
  isOurs: (object: StoredObject) => boolean,
): Promise<Written> {
  for (;;) {
    const object = await session.objects.get(id, options);
    if (after === undefined ? object?.uid !== before?.uid : object !== undefined && isOurs(object))
      return { object };
    if (object?.version !== before?.version || object?.uid !== before?.uid) return "changed";
    const fenced = await fence(session, id, before, options).catch(failedSoftly);
    if (fenced === "fenced") return "changed";
  }
}

async function perform(
  { objects }: Session,
  before: StoredObject | undefined,
  after: NewObject | undefined,
  options: CallOptions,
): Promise<Written> {
  if (before === undefined) {
    if (after === undefined) return { object: undefined };
    const made = await objects.create(after, options);
    return made === "exists" ? "changed" : { object: made };
  }
  if (after === undefined)
    return (await objects.remove(before, options)) === "changed" ? "changed" : { object: undefined };
  const made = await objects.replace(before, after, options);
  return made === "changed" ? "changed" : { object: made };
}

/**
 * A replacement by the same is a change, and every write that was guarded by the state before it fails. What is not
 * there is kept from being made by an empty object: it means nothing, and stays until somebody needs its name, or the
 * sweep finds it.
 */
async function fence(
  { objects, newId }: Session,
  id: ObjectId,
  before: StoredObject | undefined,
  options: CallOptions,
): Promise<"fenced" | "again"> {
  const written = newId();
  if (before === undefined) {
    const made = await objects.create({ id, content: EMPTY, written }, options);
    return made === "exists" ? "again" : "fenced";
  }
  const { content, prepared, verdict } = before;
  if (content === undefined || (prepared !== undefined && prepared.content === undefined)) return "again";
  const same = {
    id,
    content: pinned(content, before.version),
    written,
    ...(prepared?.content && {
      prepared: { transaction: prepared.transaction, content: prepared.content },
    }),
    ...(verdict && { verdict }),
  };
  return (await objects.replace(before, same, options)) === "changed" ? "again" : "fenced";
}

/** Whether a write may have happened. */
export function isUnknown(failure: unknown): failure is StoreFailure {
  return failure instanceof StoreFailure && failure.kind === "unknown-outcome";
}

/** The next look shows what became of it. */
function failedSoftly(failure: unknown): "again" {
  if (isUnknown(failure)) return "again";
  throw failure;
}
