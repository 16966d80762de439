import { type CallOptions, StoreFailure } from "../../../ipam/store-port.ts";
import { type Content, type Part, pinned } from "../objects/content.ts";
import { type ObjectId, objectKey } from "../objects/names.ts";
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
    session.unsettled.add(unsettled);
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
  const met = new Set(Array.from(ids, objectKey));
  for (const unsettled of [...session.unsettled]) {
    const { after, before, compared, id } = unsettled;
    if (!met.has(objectKey(id))) continue;
    const done = await resolve(session, { id, before, after, unanswered: true }, options);
    const mayStand = !("changed" in done) || done.doubtful;
    if (mayStand && !(await holdNow(session, compared, options))) await undo(session, unsettled, options);
    session.unsettled.delete(unsettled);
  }
}

/** Takes back what a write has done; somebody may have changed the object since. @throws StoreFailure */
export async function undo(
  session: Session,
  { after, held, id }: Unsettled,
  options: CallOptions,
): Promise<void> {
  if (after === undefined) return;
  for (;;) {
    const { content, object } = await view(session, id, options);
    if (object === undefined || content === undefined) return;
    const left = without(content, after.content, held);
    if (left === content) return;
    const kept = pinned(left, object.version);
    const rest = left.size === 0 ? undefined : { id, content: kept, written: session.newId() };
    if (!("changed" in (await write(session, id, object, rest, options)))) return;
  }
}

/**
 * The content without the records that a write has added, where they are still those; what they replaced is there
 * again, and so is what went with them.
 */
function without(content: Content, added: Content, held: Content): Content {
  const next = new Map<string, Part>(content);
  let isOurs = false;
  for (const [text, { record }] of added) {
    const former = held.get(text);
    const now = content.get(text);
    if (now === undefined || isSame(now.record, former?.record) || !isSame(now.record, record)) continue;
    isOurs = true;
    if (former === undefined) next.delete(text);
    else next.set(text, former);
  }
  if (!isOurs) return content;
  for (const [text, part] of held) if (!added.has(text) && !next.has(text)) next.set(text, part);
  return next;
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
