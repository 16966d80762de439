import type { AttachmentRecord, Ref, RefOf } from "../../../ipam/records.ts";
import type { CallOptions, Transaction } from "../../../ipam/store-port.ts";
import type { Content } from "../objects/content.ts";
import { homeOf, likelyHome, objectOf } from "../objects/home.ts";
import { type ObjectId, objectKey } from "../objects/names.ts";
import { refText } from "../objects/ref-text.ts";
import { find } from "./find.ts";
import type { Session } from "./session.ts";
import type { Share } from "./share.ts";

/** A transaction by objects: those that it writes, and those that it only compares. */
export interface Shares {
  readonly written: readonly Share[];
  readonly compared: readonly Share[];
}

/** @throws StoreFailure where it cannot be found out which object holds an attachment. */
export async function sharesOf(
  session: Session,
  { deletes, guards, puts }: Transaction,
  options: CallOptions,
): Promise<Shares> {
  const shares = new Map<string, Share>();
  const share = (id: ObjectId) => {
    const key = objectKey(id);
    const known = shares.get(key);
    if (known !== undefined) return known;
    const made: Share = { id, guards: [], puts: [], deletes: [] };
    shares.set(key, made);
    return made;
  };
  const attachments = await homesOf(session, { deletes, guards, puts }, options);
  const idOf = (ref: Ref) => (ref.kind === "attachment" ? attachments.get(refText(ref)) : objectOf(ref));
  for (const put of puts) {
    const old = idOf(put.ref);
    const id = put.ref.kind === "attachment" ? homeOf(put.ref, put.record as AttachmentRecord) : old;
    if (id === undefined) continue;
    share(id).puts.push(put);
    if (old !== undefined && objectKey(old) !== objectKey(id)) share(old).deletes.push(put.ref);
  }
  for (const ref of deletes) {
    const id = idOf(ref);
    if (id !== undefined) share(id).deletes.push(ref);
  }
  for (const guard of guards) {
    const put = puts.find(({ ref }) => refText(ref) === refText(guard.ref));
    const id =
      idOf(guard.ref) ??
      homeOf(guard.ref as RefOf<"attachment">, (put?.record ?? NOWHERE) as AttachmentRecord);
    share(id).guards.push(guard);
  }
  const all = [...shares.values()].sort((a, b) => (objectKey(a.id) < objectKey(b.id) ? -1 : 1));
  return {
    written: all.filter(({ deletes, puts }) => deletes.length + puts.length > 0),
    compared: all.filter(({ deletes, puts }) => deletes.length + puts.length === 0),
  };
}

const NOWHERE = { space: "", addresses: [] };

/** Where the attachments of a transaction are; those that are nowhere are missing. */
async function homesOf(
  session: Session,
  { deletes, guards, puts }: Pick<Transaction, "deletes" | "guards" | "puts">,
  options: CallOptions,
): Promise<Map<string, ObjectId>> {
  const refs = new Map<string, RefOf<"attachment">>();
  for (const ref of [...puts.map((put) => put.ref), ...deletes, ...guards.map((guard) => guard.ref)])
    if (ref.kind === "attachment") refs.set(refText(ref), ref);
  const homes = new Map<string, ObjectId>();
  const search = async ([text, ref]: [string, RefOf<"attachment">]) => {
    const guard = guards.find((each) => refText(each.ref) === text);
    if (guard?.revision === 0 && session.homes.isNew(ref)) return;
    const known = session.homes.get(ref) ?? (guard && likelyHome(guard.ref));
    // The guard itself is judged where it was seen: what has moved since was written again.
    if (guard !== undefined && guard.revision > 0 && known !== undefined && known !== "absent") {
      homes.set(text, known);
      return;
    }
    const home = await find(session, ref, options);
    if (home !== undefined) homes.set(text, home);
  };
  await Promise.all([...refs].map(search));
  return homes;
}

/** The content after a share of a transaction. */
export function applied(content: Content, { deletes, puts }: Pick<Share, "deletes" | "puts">): Content {
  const next = new Map(content);
  for (const ref of deletes) next.delete(refText(ref));
  for (const { record, ref, seconds } of puts)
    next.set(refText(ref), { ref, record, ...(seconds !== undefined && { seconds }) });
  return next;
}
