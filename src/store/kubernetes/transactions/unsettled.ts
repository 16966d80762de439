import { type CallOptions, StoreFailure } from "../../../ipam/store-port.ts";
import { type Content, pinned } from "../objects/content.ts";
import type { ObjectId } from "../objects/names.ts";
import { objectKey } from "../objects/names.ts";
import type { StoredObject } from "../objects/objects.ts";
import { holdNow } from "./compare.ts";
import type { Session } from "./session.ts";
import type { Unsettled } from "./share.ts";
import { view } from "./view.ts";
import { resolve, write } from "./write.ts";

/** Runs what may leave a write unsettled; who meets the object next, settles it. */
export async function orUnsettled<T>(
  session: Session,
  unsettled: Unsettled,
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (failure) {
    session.unsettled.set(objectKey(unsettled.id), unsettled);
    if (!(failure instanceof StoreFailure) || failure.kind === "unknown-outcome") throw failure;
    throw new StoreFailure("unknown-outcome", failure.message, failure.remedy, { cause: failure });
  }
}

/** Settles what this process left of objects that a call is about: they stay as they are, or as they were. @throws StoreFailure */
export async function settleUnsettled(
  session: Session,
  ids: Iterable<ObjectId>,
  options: CallOptions,
): Promise<void> {
  if (session.unsettled.size === 0) return;
  for (const id of ids) {
    const key = objectKey(id);
    const unsettled = session.unsettled.get(key);
    if (unsettled === undefined) continue;
    const { after, before, compared } = unsettled;
    const done = await resolve(session, id, before, after, options, (object) => isOurs(unsettled, object));
    if (done !== "changed" && !(await holdNow(session, compared, options)))
      await undo(session, unsettled, options);
    session.unsettled.delete(key);
  }
}

/** Takes back what a write has added; somebody may have changed the object since. @throws StoreFailure */
export async function undo(session: Session, unsettled: Unsettled, options: CallOptions): Promise<void> {
  const { after, before, id } = unsettled;
  if (after === undefined) return;
  for (;;) {
    const { content, object } = await view(session, id, options);
    if (object === undefined || content === undefined) return;
    const left = without(content, after.content, before?.content);
    if (left === content) return;
    const kept = pinned(left, object.version);
    const rest = left.size === 0 ? undefined : { id, content: kept, written: session.newId() };
    if ((await write(session, id, object, rest, options)) !== "changed") return;
  }
}

function isOurs({ after, before }: Unsettled, object: StoredObject): boolean {
  if (object.written === after?.written) return true;
  const { content } = object;
  return (
    content !== undefined &&
    after !== undefined &&
    without(content, after.content, before?.content) !== content
  );
}

/** The content without the records that a write has added, where they are still those; what they replaced is there again. */
function without(content: Content, added: Content, before: Content | undefined): Content {
  let next: Map<string, ReturnType<Content["get"]> & object> | undefined;
  for (const [text, { record }] of added) {
    const former = before?.get(text);
    const now = content.get(text);
    if (now === undefined || isSame(now.record, former?.record) || !isSame(now.record, record)) continue;
    next ??= new Map(content);
    if (former === undefined) next.delete(text);
    else next.set(text, former);
  }
  return next ?? content;
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
