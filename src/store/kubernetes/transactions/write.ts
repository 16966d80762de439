import { type CallOptions, StoreFailure } from "../../../ipam/store-port.ts";
import { EMPTY, pinned } from "../objects/content.ts";
import type { ObjectId } from "../objects/names.ts";
import { MOST_WRITTEN, type NewObject, type StoredObject } from "../objects/objects.ts";
import type { Session } from "./session.ts";

/**
 * What a write has come to. `object`: it happened, and this is the object since (undefined: gone). `changed`: it was
 * another one before, and is this one now; `doubtful`: the write may have happened before that.
 */
export type Written =
  | { readonly object: StoredObject | undefined }
  | { readonly changed: StoredObject | undefined; readonly doubtful: boolean };

/**
 * Makes of an object what it is to be, if it still is what it was. Where no answer comes, looks whether it happened;
 * and where it did not, makes sure that it never will. An answer that the object has changed proves nothing by itself:
 * HTTP clients and proxies send a request again when a connection ends, and the second one meets what the first made.
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
): Promise<Written> {
  const answered = await perform(session, before, after, options).catch((failure) => {
    if (isUnknown(failure)) return failure;
    throw failure;
  });
  if (answered === "changed" || answered instanceof StoreFailure) {
    const unanswered = answered !== "changed";
    return resolve(session, { id, before, after, unanswered }, options).catch((failure) => {
      throw unanswered ? answered : unknownOutcome(id, failure);
    });
  }
  session.seen.set(id, answered.object);
  return answered;
}

/** A write of which it is to be found out whether it happened. */
export interface Attempted {
  readonly id: ObjectId;
  readonly before: StoredObject | undefined;
  readonly after: NewObject | undefined;
  /** No answer came: it may be still on its way. */
  readonly unanswered: boolean;
}

/**
 * Whether a write has happened. Another write in its place keeps one from happening later that is still on its way.
 *
 * @throws StoreFailure
 */
export async function resolve(
  session: Session,
  attempted: Attempted,
  options: CallOptions,
): Promise<Written> {
  const { after, before, id } = attempted;
  for (;;) {
    const object = await session.objects.get(id, options);
    session.seen.set(id, object);
    if (after !== undefined && object?.written.includes(after.written)) return { object };
    if (object?.version !== before?.version || object?.uid !== before?.uid)
      return { changed: object, doubtful: isDoubtful(attempted, object) };
    const fenced = await fence(session, id, before, options).catch(failedSoftly);
    if (fenced === "again") continue;
    session.seen.set(id, fenced);
    return { changed: fenced, doubtful: false };
  }
}

/** The failure of a write that may have happened. */
export function unknownOutcome({ name }: ObjectId, cause?: unknown): StoreFailure {
  const why = cause instanceof Error ? cause.message : "somebody has changed it since";
  return new StoreFailure(
    "unknown-outcome",
    `it is not known whether ${name} in Kubernetes was written: ${why}`,
    "try again",
    { cause },
  );
}

/** Whether it may have happened before somebody else wrote: an object remembers its last writes only, and none once it is gone. */
function isDoubtful({ before, unanswered }: Attempted, object: StoredObject | undefined): boolean {
  // Who removed what was made here has seen it, and had the right to.
  if (before === undefined)
    return unanswered && object !== undefined && object.written.length >= MOST_WRITTEN;
  const [last] = before.written;
  return object?.uid !== before.uid || last === undefined || !object.written.includes(last);
}

async function perform(
  { objects }: Session,
  before: StoredObject | undefined,
  after: NewObject | undefined,
  options: CallOptions,
): Promise<{ readonly object: StoredObject | undefined } | "changed"> {
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
export async function fence(
  { objects, newId }: Session,
  id: ObjectId,
  before: StoredObject | undefined,
  options: CallOptions,
): Promise<StoredObject | "again"> {
  const written = newId();
  if (before === undefined) {
    const made = await objects.create({ id, content: EMPTY, written }, options);
    return made === "exists" ? "again" : made;
  }
  const { content, prepared, prepares, verdict } = before;
  if (content === undefined || (prepared !== undefined && prepared.content === undefined))
    throw unknownOutcome(id, new Error("what it holds cannot be read"));
  const same = {
    id,
    content: pinned(content, before.version),
    written,
    ...(prepared?.content && {
      prepared: { transaction: prepared.transaction, content: prepared.content },
    }),
    ...(verdict && { verdict }),
    ...(prepares && { prepares }),
  };
  const made = await objects.replace(before, same, options);
  return made === "changed" ? "again" : made;
}

/** Whether a write may have happened. */
export function isUnknown(failure: unknown): failure is StoreFailure {
  return failure instanceof StoreFailure && failure.kind === "unknown-outcome";
}

/** The next look shows what became of it. */
export function failedSoftly(failure: unknown): "again" {
  if (isUnknown(failure)) return "again";
  throw failure;
}
