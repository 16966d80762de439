import { type CallOptions, StoreFailure } from "../../../ipam/store-port.ts";
import { type Content, EMPTY, pinned } from "../objects/content.ts";
import { decisionObject, objectKey } from "../objects/names.ts";
import type { NewObject, StoredObject } from "../objects/objects.ts";
import type { Committed } from "./commit-one.ts";
import { holdNow, holds } from "./compare.ts";
import { damaged } from "./damaged.ts";
import type { Session } from "./session.ts";
import type { Share } from "./share.ts";
import { applied } from "./shares.ts";
import { abort, type Contended, lookAt, type View } from "./view.ts";
import { isUnknown, write } from "./write.ts";

/** How long one waits for a transaction that began before, in milliseconds. */
const WAIT_MS = 500;
const PAUSE_MS = 10;

/**
 * Commits a transaction that writes several objects. It makes a decision object that says "pending", prepares each
 * object, looks at the guards on others, and changes the decision to "committed": that write is the commit. Then each
 * object becomes what it was prepared to be, and the decision goes. Whoever meets a prepared object asks the decision,
 * and takes an object whose decision is gone for what it was before; so anybody may abort by deleting the decision.
 *
 * @throws StoreFailure "unknown-outcome" where it remains unknown whether the decision was changed.
 */
export async function commitMany(
  session: Session,
  written: readonly Share[],
  compared: readonly Share[],
  options: CallOptions,
): Promise<Committed> {
  for (;;) {
    const transaction = session.newId();
    const outcome = await attempt(session, transaction, written, compared, options);
    if (outcome !== "contended") return outcome;
    await session.sleep(Math.ceil(Math.random() * 3 * PAUSE_MS));
  }
}

/** An object of the transaction, prepared. */
interface PreparedObject {
  readonly object: StoredObject;
  /** What it was before. */
  readonly before: Content;
  /** Whether it was there before. */
  readonly existed: boolean;
  readonly after: Content;
}

async function attempt(
  session: Session,
  transaction: string,
  written: readonly Share[],
  compared: readonly Share[],
  options: CallOptions,
): Promise<Committed | "contended"> {
  const id = decisionObject(transaction);
  const pending: NewObject = { id, content: EMPTY, written: session.newId(), verdict: "pending" };
  const begun = await write(session, id, undefined, pending, options);
  if (begun === "changed" || begun.object === undefined) return "contended";
  const results = await Promise.all(
    written.map((share) =>
      prepare(session, transaction, share, options).catch((failure: unknown) => ({ failure })),
    ),
  );
  const prepared = results.filter(
    (result): result is PreparedObject => typeof result === "object" && "object" in result,
  );
  const giveUp = async () => {
    await session.objects.remove(begun.object as StoredObject, options).catch(() => undefined);
    await Promise.all(
      prepared.map((each) => takeBack(session, transaction, each, options).catch(() => undefined)),
    );
  };
  const failed = results.find((result) => typeof result === "object" && "failure" in result);
  if (failed !== undefined) {
    await giveUp();
    throw certain((failed as { readonly failure: unknown }).failure);
  }
  if (prepared.length < written.length) {
    await giveUp();
    return results.includes("lost") ? "lost" : "contended";
  }
  const stands = await holdNow(session, compared, options).catch(async (failure) => {
    await giveUp();
    throw failure;
  });
  if (!stands) {
    await giveUp();
    return "lost";
  }
  const verdict: NewObject = { id, content: EMPTY, written: session.newId(), verdict: "committed" };
  const decided = await write(session, id, begun.object, verdict, options);
  if (decided === "changed") {
    // Somebody has aborted it.
    await giveUp();
    return "contended";
  }
  const versions = await Promise.all(
    prepared.map((each) => carryOut(session, transaction, each, options).catch(() => undefined)),
  );
  const { object: decision } = decided;
  if (!versions.includes(undefined) && decision !== undefined)
    await session.objects.remove(decision, options).catch(() => undefined);
  const known = prepared.flatMap(({ object }, n): [string, string][] => {
    const version = versions[n];
    return version === undefined ? [] : [[objectKey(object.id), version]];
  });
  const revisions = [...known.map(([, version]) => Number(version)), Number(decision?.version)];
  return { revision: Math.max(...revisions.filter((each) => each > 0)), versions: new Map(known) };
}

/** Nothing was committed: what was prepared counts only with the decision. */
function certain(failure: unknown): unknown {
  if (!isUnknown(failure)) return failure;
  return new StoreFailure("unavailable", failure.message, failure.remedy, { cause: failure });
}

/** Prepares one object of the transaction. @throws StoreFailure */
async function prepare(
  session: Session,
  transaction: string,
  share: Share,
  options: CallOptions,
): Promise<PreparedObject | "lost" | "contended"> {
  const { id } = share;
  const began = session.now();
  let seen: View | Contended = await lookAgain(session, share, options);
  for (;;) {
    if ("contended" in seen) {
      // The one of the higher ID gives way, so that no two wait for each other.
      if (seen.contended < transaction) return "contended";
      if (session.now() - began >= WAIT_MS) await abort(session, seen.contended, options);
      else await session.sleep(PAUSE_MS);
    } else {
      if (!holds(seen, share.guards)) return "lost";
      const { content, object } = seen;
      if (content === undefined) throw damaged(id, object?.damage);
      const before = pinned(content, object?.version);
      const after = applied(before, share);
      const next = {
        id,
        content: before,
        written: session.newId(),
        prepared: { transaction, content: after },
      };
      const isOurs = (there: StoredObject) => there.prepared?.transaction === transaction;
      const done = await write(session, id, object, next, options, isOurs);
      if (done !== "changed" && done.object !== undefined)
        return { object: done.object, before, existed: object !== undefined, after };
    }
    seen = await lookAgain(session, share, options);
  }
}

async function lookAgain(session: Session, { id }: Share, options: CallOptions): Promise<View | Contended> {
  return lookAt(session, id, await session.objects.get(id, options), options);
}

/** Makes of a prepared object what it was prepared to be. @returns its version; undefined where somebody else did. */
async function carryOut(
  session: Session,
  transaction: string,
  { after, object }: PreparedObject,
  options: CallOptions,
): Promise<string | undefined> {
  const { id } = object;
  const next = after.size === 0 ? undefined : { id, content: after, written: session.newId() };
  const done = await write(session, id, object, next, options);
  if (done !== "changed") return done.object?.version ?? object.version;
  const there = await session.objects.get(id, options);
  // Who wrote over it has taken the decision into account.
  if (there?.prepared?.transaction !== transaction) return there?.version ?? object.version;
  return carryOut(session, transaction, { after, object: there, before: EMPTY, existed: true }, options);
}

/** Makes of a prepared object what it was before. */
async function takeBack(
  session: Session,
  transaction: string,
  prepared: PreparedObject,
  options: CallOptions,
): Promise<void> {
  const { before, existed, object } = prepared;
  const { id } = object;
  const next = existed && before.size > 0 ? { id, content: before, written: session.newId() } : undefined;
  if ((await write(session, id, object, next, options)) !== "changed") return;
  const there = await session.objects.get(id, options);
  if (there?.prepared?.transaction === transaction)
    await takeBack(session, transaction, { ...prepared, object: there }, options);
}
