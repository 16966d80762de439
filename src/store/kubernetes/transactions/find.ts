import type { RefOf } from "../../../ipam/records.ts";
import { type CallOptions, StoreFailure } from "../../../ipam/store-port.ts";
import { pinned } from "../objects/content.ts";
import { type ObjectId, recordObject } from "../objects/names.ts";
import { refText } from "../objects/ref-text.ts";
import { attachmentLabel } from "../requests/wire.ts";
import type { Session } from "./session.ts";
import { settled, type View, view } from "./view.ts";
import { write } from "./write.ts";

/** The object that holds an attachment's record; undefined where there is none. @throws StoreFailure */
export async function find(
  session: Session,
  ref: RefOf<"attachment">,
  options: CallOptions,
): Promise<ObjectId | undefined> {
  const text = refText(ref);
  const known = session.homes.get(ref);
  if (typeof known === "object") {
    const { content } = await view(session, known, options);
    if (content === undefined || content.has(text)) return known;
  }
  const own = recordObject(ref);
  const [labelled, alone] = await Promise.all([
    session.objects.labelled("addressrecords", attachmentLabel(text), options),
    session.objects.get(own, options),
  ]);
  let unreadable: ObjectId | undefined;
  for (const object of [...labelled, ...(alone === undefined ? [] : [alone])]) {
    const { content } = await settled(session, object.id, object, options);
    if (content === undefined) unreadable ??= object.id;
    if (!content?.has(text)) continue;
    session.homes.set(ref, object.id);
    return object.id;
  }
  // A copy that somebody made under another name is damaged, and has the attachment's label as well.
  session.homes.set(ref, unreadable ?? "absent");
  return unreadable;
}

/**
 * The object that holds an attachment's record, among those of addresses that were looked at anyway: somebody has taken
 * away its labels, and it gets them back, if the caller may write.
 */
export async function findBeside(
  session: Session,
  ref: RefOf<"attachment">,
  beside: readonly View[],
  options: CallOptions,
): Promise<ObjectId | undefined> {
  const text = refText(ref);
  const found = beside.find(({ content, object }) => object?.content?.has(text) && content?.has(text));
  if (found?.object?.content === undefined || found.object.prepared !== undefined) return undefined;
  const { id, object } = found;
  const content = pinned(found.object.content, object.version);
  await write(session, id, object, { id, content, written: session.newId() }, options).catch((failure) => {
    // Who may only read has found it all the same.
    if (!(failure instanceof StoreFailure)) throw failure;
  });
  session.homes.set(ref, id);
  return id;
}
