import type { CallOptions, Guard } from "../../../ipam/store-port.ts";
import { pinned } from "../objects/content.ts";
import { objectKey } from "../objects/names.ts";
import { refText } from "../objects/ref-text.ts";
import { holdNow, holds } from "./compare.ts";
import { damaged } from "./damaged.ts";
import { remembered } from "./remembered.ts";
import type { Session } from "./session.ts";
import type { Share } from "./share.ts";
import { applied } from "./shares.ts";
import { orUnsettled, undo } from "./unsettled.ts";
import { settled, view } from "./view.ts";
import { isUnknown, unknownOutcome, write } from "./write.ts";

/** The transaction's revision, or that a guard did not hold. */
export type Committed = Won | "lost";

export interface Won {
  readonly revision: number;
  /** As `Outcome.before`. */
  readonly before?: number | "unknown";
  /** Versions of the objects that it has written, by `objectKey`. */
  readonly versions: ReadonlyMap<string, string>;
}

/** Whether the write may be seen before the guards on other objects were looked at: it takes nothing away from anybody. */
export function onlyAdds({ deletes, guards, puts }: Share): boolean {
  const isNew = ({ ref }: Pick<Guard, "ref">) =>
    guards.some((guard) => guard.revision === 0 && refText(guard.ref) === refText(ref));
  return puts.every(isNew) && deletes.every(({ kind }) => kind === "cooling");
}

/**
 * Commits a transaction that writes one object, in one write. Guards on other objects are looked at afterwards: one
 * that was read before would be passed by a process that was stopped in between. Where one does not hold, the write
 * is undone, and nobody was told of it.
 *
 * @throws StoreFailure "unknown-outcome" where it remains unknown; the next call that meets the object settles it.
 */
export async function commitOne(
  session: Session,
  share: Share,
  compared: readonly Share[],
  options: CallOptions,
): Promise<Committed> {
  const { id } = share;
  const last = remembered(session, share);
  const fromMemory = last && (await settled(session, id, last.object, options));
  for (let seen = fromMemory ?? (await view(session, id, options)); ; ) {
    const { content, object } = seen;
    const stands = holds(seen, share.guards);
    // What is only remembered refuses nobody.
    if (seen === fromMemory && (content === undefined || !stands)) {
      seen = await view(session, id, options);
      continue;
    }
    if (!stands) return "lost";
    if (content === undefined) throw damaged(id, object?.damage);
    const held = pinned(content, object?.version);
    const next = applied(held, share);
    const after = next.size === 0 ? undefined : { id, content: next, written: session.newId() };
    const unsettled = { id, before: object, held, after, compared };
    const done = await write(session, id, object, after, options).catch((failure) => {
      if (!isUnknown(failure)) throw failure;
      return orUnsettled(session, unsettled, () => Promise.reject(failure));
    });
    if ("changed" in done) {
      if (done.doubtful) await orUnsettled(session, unsettled, () => Promise.reject(unknownOutcome(id)));
      seen = await settled(session, id, done.changed, options);
      continue;
    }
    if (compared.length > 0) {
      const stillStands = await orUnsettled(session, unsettled, async () => {
        if (await holdNow(session, compared, options)) return true;
        await undo(session, unsettled, options);
        return false;
      });
      if (!stillStands) return "lost";
    }
    const version = done.object?.version;
    const versions = new Map(version === undefined ? [] : [[objectKey(id), version]]);
    if (version !== undefined) return { revision: Number(version), versions };
    // The API server does not tell at which version it has removed an object.
    return { revision: Number(object?.version ?? 0), before: "unknown", versions };
  }
}
