import { type CallOptions, StoreFailure } from "../../../ipam/store-port.ts";
import { type Content, EMPTY, pinned } from "../objects/content.ts";
import { decisionObject, objectKey } from "../objects/names.ts";
import type { NewObject, StoredObject } from "../objects/objects.ts";
import type { Committed } from "./commit-one.ts";
import { holdNow, holds } from "./compare.ts";
import { damaged } from "./damaged.ts";
import { Patience } from "./patience.ts";
import { remembered } from "./remembered.ts";
import { replacePrepared } from "./replace-prepared.ts";
import type { Session } from "./session.ts";
import type { Share } from "./share.ts";
import { applied } from "./shares.ts";
import { lookAt, view } from "./view.ts";
import { isUnknown, unknownOutcome, write } from "./write.ts";

/** How long one waits for a transaction that it meets, in milliseconds. */
const WAIT_MS = 1_000;
/** Before another attempt, in milliseconds: after the first one, and the longest. */
const [FIRST_REST_MS, LONGEST_REST_MS] = [30, 1_000];

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
  // What many transactions write, such as the store's identity, comes first: who waits for it holds nothing else.
  const inOrder = written.toReversed();
  for (let rest = FIRST_REST_MS; ; rest = Math.min(2 * rest, LONGEST_REST_MS)) {
    const transaction = session.newId();
    const outcome = await attempt(session, transaction, inOrder, compared, options);
    if (outcome !== "contended") return outcome;
    await session.sleep(Math.ceil(session.random() * rest));
    const [first] = inOrder;
    if (first !== undefined && !holds(await view(session, first.id, options), first.guards)) return "lost";
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
  const prepares = written.map((share) => share.id);
  const pending: NewObject = { id, content: EMPTY, written: session.newId(), verdict: "pending", prepares };
  const begun = await write(session, id, undefined, pending, options).catch(throwCertain);
  if ("changed" in begun || begun.object?.verdict !== "pending") return "contended";
  const { object: decision } = begun;
  const prepareOne = (share: Share, isFirst: boolean) =>
    prepare(session, transaction, share, isFirst, options).catch((failure: unknown) => ({ failure }));
  const [first, ...others] = written;
  const results = first === undefined ? [] : [await prepareOne(first, true)];
  if (typeof results[0] === "object" && "object" in results[0])
    results.push(...(await Promise.all(others.map((share) => prepareOne(share, false)))));
  const prepared = results.filter(
    (result): result is PreparedObject => typeof result === "object" && "object" in result,
  );
  const giveUp = async () => {
    await Promise.allSettled(prepared.map((each) => takeBack(session, transaction, each, options)));
    await forget(session, decision, options);
  };
  const failed = results.find((result) => typeof result === "object" && "failure" in result);
  if (failed !== undefined) {
    await giveUp();
    return throwCertain((failed as { readonly failure: unknown }).failure);
  }
  if (prepared.length < written.length) {
    await giveUp();
    return results.includes("lost") ? "lost" : "contended";
  }
  const stands = await holdNow(session, compared, options).catch(async (failure) => {
    await giveUp();
    return throwCertain(failure);
  });
  if (!stands) {
    await giveUp();
    return "lost";
  }
  const verdict: NewObject = { ...pending, written: session.newId(), verdict: "committed" };
  const done = await write(session, id, decision, verdict, options);
  if ("changed" in done) {
    // Somebody has aborted it; or has carried it out, because he thought this process dead.
    await giveUp();
    if (done.doubtful) throw unknownOutcome(id);
    return "contended";
  }
  const versions = await Promise.all(
    prepared.map((each) => carryOut(session, transaction, each, options).catch(() => undefined)),
  );
  const { object: committed } = done;
  if (!versions.includes(undefined) && committed !== undefined) await forget(session, committed, options);
  const known = prepared.flatMap(({ object }, n): [string, string][] => {
    const version = versions[n];
    return version === undefined ? [] : [[objectKey(object.id), version]];
  });
  const revisions = [...known.map(([, version]) => Number(version)), Number(committed?.version)];
  return {
    revision: Math.max(...revisions.filter((each) => each > 0)),
    before: Number(decision.version) - 1,
    versions: new Map(known),
  };
}

/** Removes a decision that nothing refers to any more; somebody may have aborted it. What remains, the sweep finds. */
async function forget({ objects }: Session, decision: StoredObject, options: CallOptions): Promise<void> {
  try {
    for (let last: StoredObject | undefined = decision; last !== undefined; )
      last =
        (await objects.remove(last, options)) === "changed"
          ? await objects.get(decision.id, options)
          : undefined;
  } catch (failure) {
    if (!(failure instanceof StoreFailure)) throw failure;
  }
}

/** Nothing was committed: what was prepared counts only with the decision. */
function throwCertain(failure: unknown): never {
  if (!isUnknown(failure)) throw failure;
  throw new StoreFailure("unavailable", failure.message, failure.remedy, { cause: failure });
}

/** Prepares one object of the transaction. @param isFirst nothing else is prepared yet. @throws StoreFailure */
async function prepare(
  session: Session,
  transaction: string,
  share: Share,
  isFirst: boolean,
  options: CallOptions,
): Promise<PreparedObject | "lost" | "contended"> {
  const { id } = share;
  const patience = new Patience(session, WAIT_MS);
  let last = remembered(session, share);
  let current = last === undefined ? await session.objects.get(id, options) : last.object;
  for (;;) {
    const seen = await lookAt(session, id, current, options);
    const isOld = "contended" in seen || seen.content === undefined || !holds(seen, share.guards);
    // What is only remembered refuses nobody.
    if (last !== undefined && isOld) {
      last = undefined;
      current = await session.objects.get(id, options);
      continue;
    }
    if ("contended" in seen) {
      // Of those that hold something the one of the higher ID gives way, so that no two wait for each other.
      if (!isFirst && seen.contended < transaction) return "contended";
      await patience.wait(seen.contended, options);
      current = await session.objects.get(id, options);
      continue;
    }
    if (!holds(seen, share.guards)) return "lost";
    const { content, object } = seen;
    if (content === undefined) throw damaged(id, object?.damage);
    const before = pinned(content, object?.version);
    const after = applied(before, share);
    const next = { id, content: before, written: session.newId(), prepared: { transaction, content: after } };
    const done = await write(session, id, object, next, options);
    if ("changed" in done) [last, current] = [undefined, done.changed];
    // Somebody has aborted the transaction, and written over it.
    else if (done.object?.prepared?.transaction !== transaction) return "contended";
    else return { object: done.object, before, existed: object !== undefined, after };
  }
}

/** Makes of a prepared object what it was prepared to be. @returns its version; that of what somebody else made of it. */
async function carryOut(
  session: Session,
  transaction: string,
  { after, object }: PreparedObject,
  options: CallOptions,
): Promise<string> {
  const done = await replacePrepared(session, transaction, object, after, options);
  return done?.version ?? object.version;
}

/** Makes of a prepared object what it was before. */
async function takeBack(
  session: Session,
  transaction: string,
  { before, existed, object }: PreparedObject,
  options: CallOptions,
): Promise<void> {
  await replacePrepared(session, transaction, object, existed ? before : EMPTY, options);
}
