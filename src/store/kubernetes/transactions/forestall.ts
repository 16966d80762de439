import type { RefOf } from "../../../ipam/records.ts";
import type { CallOptions } from "../../../ipam/store-port.ts";
import { objectOf } from "../objects/home.ts";
import { type ObjectId, objectKey } from "../objects/names.ts";
import { refText } from "../objects/ref-text.ts";
import type { Session } from "./session.ts";
import { settleUnsettled } from "./unsettled.ts";
import { view } from "./view.ts";
import { failedSoftly, fence } from "./write.ts";

/**
 * Keeps a write of a process that died from happening later: what an ADD has sent for an address that nobody holds was
 * guarded by the object as it was, or by there being none, and it is another one now. An address that somebody holds
 * needs nothing: what takes it from him is a transaction that its dead process cannot commit any more.
 *
 * @throws StoreFailure
 */
export async function forestall(
  session: Session,
  refs: readonly RefOf<"allocation">[],
  options: CallOptions,
): Promise<void> {
  const ids = new Map(refs.map((ref) => [objectKey(objectOf(ref)), { id: objectOf(ref), ref }]));
  await settleUnsettled(
    session,
    [...ids.values()].map(({ id }) => id),
    options,
  );
  await Promise.all([...ids.values()].map(({ id, ref }) => forestallOne(session, id, refText(ref), options)));
}

async function forestallOne(
  session: Session,
  id: ObjectId,
  allocation: string,
  options: CallOptions,
): Promise<void> {
  for (;;) {
    const { content, object } = await view(session, id, options);
    if (content === undefined || content.has(allocation)) return;
    const fenced = await fence(session, id, object, options).catch(failedSoftly);
    if (fenced === "again") continue;
    session.seen.set(id, fenced);
    return;
  }
}
