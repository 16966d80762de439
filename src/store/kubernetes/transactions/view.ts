import type { CallOptions } from "../../../ipam/store-port.ts";
import type { Content } from "../objects/content.ts";
import { decisionObject, type ObjectId } from "../objects/names.ts";
import type { StoredObject } from "../objects/objects.ts";
import { MayNotAbort } from "./abort.ts";
import { Patience } from "./patience.ts";
import type { Session } from "./session.ts";

/** An object, and what it holds once the transaction that has prepared it is decided. */
export interface View {
  readonly id: ObjectId;
  /** Undefined: there is none. */
  readonly object: StoredObject | undefined;
  /** Undefined where it cannot be read. */
  readonly content: Content | undefined;
}

/** Another transaction has prepared the object, and is not decided. */
export interface Contended {
  readonly contended: string;
}

/** How long a transaction of another process may stay undecided before it is aborted, in milliseconds. */
const PATIENCE_MS = 1_000;

/** Reads an object, and waits for the decision of a transaction that has prepared it. @throws StoreFailure */
export async function view(session: Session, id: ObjectId, options: CallOptions): Promise<View> {
  const object = await session.objects.get(id, options);
  session.seen.set(id, object);
  return settled(session, id, object, options);
}

/** The view of an object that was read before, or reads it again where what it said then is decided no more. */
export async function settled(
  session: Session,
  id: ObjectId,
  object: StoredObject | undefined,
  options: CallOptions,
): Promise<View> {
  const patience = new Patience(session, PATIENCE_MS);
  for (let current = object; ; ) {
    const seen = await lookAt(session, id, current, options);
    if (!("contended" in seen)) return seen;
    if (!(await isWorthAnotherLook(patience, seen.contended, options)))
      return viewOf(session, id, current, current?.content);
    current = await session.objects.get(id, options);
    session.seen.set(id, current);
  }
}

/** False for who may only read: nothing of that transaction has happened yet, and he is not the one to end it. */
async function isWorthAnotherLook(
  patience: Patience,
  transaction: string,
  options: CallOptions,
): Promise<boolean> {
  try {
    await patience.wait(transaction, options);
    return true;
  } catch (failure) {
    if (failure instanceof MayNotAbort) return false;
    throw failure;
  }
}

/** The view of an object as it was read, without waiting. @throws StoreFailure */
export async function lookAt(
  session: Session,
  id: ObjectId,
  object: StoredObject | undefined,
  options: CallOptions,
): Promise<View | Contended> {
  if (object?.prepared === undefined) return viewOf(session, id, object, object?.content);
  const { content, transaction } = object.prepared;
  const decision = await session.objects.get(decisionObject(transaction), options);
  if (decision?.verdict === "committed") return viewOf(session, id, object, content);
  if (decision !== undefined) return { contended: transaction };
  // A decision is there before anything is prepared, and until nothing is prepared any more: that is so only for an
  // object that is still prepared now.
  const again = await session.objects.get(id, options);
  session.seen.set(id, again);
  if (again?.prepared?.transaction !== transaction) return lookAt(session, id, again, options);
  return viewOf(session, id, again, again.content);
}

function viewOf(
  session: Session,
  id: ObjectId,
  object: StoredObject | undefined,
  content: Content | undefined,
): View {
  if (object === undefined) return { id, object, content: new Map() };
  return { id, object, content: content && session.expiry.living(object, content) };
}
