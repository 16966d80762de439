import type { Address } from "../../address/address.ts";
import type { RecordKind, RecordOf, RecordTypes, Ref } from "../../ipam/records.ts";
import { refTo } from "../../ipam/ref-to.ts";
import type {
  CallOptions,
  CoolingAddress,
  CountAnswer,
  Query,
  Snapshot,
  Span,
  Versioned,
  Window,
  WindowAnswer,
} from "../../ipam/store-port.ts";
import { likelyHome, objectOf } from "./objects/home.ts";
import { addressIn, addressObject, type ObjectId, objectKey, spacePrefix } from "./objects/names.ts";
import type { Outline } from "./objects/objects.ts";
import { refText } from "./objects/ref-text.ts";
import { revisionIn } from "./transactions/compare.ts";
import { damaged } from "./transactions/damaged.ts";
import { find, findBeside } from "./transactions/find.ts";
import type { Session } from "./transactions/session.ts";
import { settleUnsettled } from "./transactions/unsettled.ts";
import { settled, type View, view } from "./transactions/view.ts";

/** Objects of one page of outlines: about half a KiB each. */
const PAGE = 500;

/**
 * Answers a query, each object as of a moment of its own: what spans several objects is guarded when it is written.
 *
 * @throws StoreFailure
 */
export async function read(session: Session, query: Query, options: CallOptions): Promise<Snapshot> {
  const refs = query.refs ?? [];
  const state = query.exact ? metaAndRevision(session, options) : undefined;
  const meta = refs.some(isMeta)
    ? (state?.then(({ seen }) => seen) ?? sharedMeta(session, options))
    : undefined;
  const views = viewsOf(session, refs, options, meta);
  const [revision, records, windows, counts] = await Promise.all([
    state?.then((known) => known.revision),
    Promise.all(refs.map(async (ref) => recordIn(ref, await views(ref)))),
    Promise.all((query.windows ?? []).map((window) => look(session, window, options))),
    Promise.all((query.counts ?? []).map((span) => countSpan(session, span, options))),
  ]);
  const found = new Map(refs.map((ref, n) => [refText(ref), records[n]]));
  // A listing tells the revision of all objects at a moment after the call; a GET only the object's own.
  const listed = revision === undefined ? [...windows, ...counts].map((each) => each.revision) : [revision];
  const seen = records.map((record) => record?.revision ?? 0);
  return {
    ...(listed.length > 0
      ? { revision: Math.min(...listed) }
      : { revision: Math.max(0, ...seen), atLeast: true }),
    // A watch of an object begins with that object: others were read a moment before or after.
    since: (ref) => found.get(refText(ref))?.revision ?? 0,
    get: <R extends Ref>(ref: R) => found.get(refText(ref)) as Versioned<RecordOf<R>> | undefined,
    windows: windows.map(({ answer }) => answer),
    counts: counts.map(({ answer }) => answer),
  };
}

function isMeta({ kind }: Ref): boolean {
  return kind === "meta";
}

/** The store's identity, in one look for all who ask for it at once. */
async function sharedMeta(session: Session, options: CallOptions): Promise<View> {
  const id = objectOf(refTo.meta);
  const object = await session.shared.get(id, options);
  session.seen.set(id, object);
  return settled(session, id, object, options);
}

/**
 * The store's identity, and the revision of all objects at that moment. A listing is answered once the API server's
 * cache has caught up with etcd, so nobody asks for it whom a caller waits for.
 */
async function metaAndRevision(
  session: Session,
  options: CallOptions,
): Promise<{ readonly seen: View; readonly revision: number }> {
  const id = objectOf(refTo.meta);
  const page = await session.shared.page({ resource: id.resource, from: id.name, limit: 1 }, options);
  const object = page.items.find((item) => item.id.name === id.name);
  session.seen.set(id, object);
  return { seen: await settled(session, id, object, options), revision: Number(page.version) };
}

/** Looks at each object once. */
function viewsOf(
  session: Session,
  refs: readonly Ref[],
  options: CallOptions,
  meta: Promise<View> | undefined,
) {
  const views = new Map<string, Promise<View>>();
  const ids = refs.flatMap((ref) => idWithoutLooking(session, ref) ?? likelyHome(ref) ?? []);
  const settledFirst = settleUnsettled(session, ids, options);
  // Both are awaited at once: a failure that nobody awaits ends the process.
  const both = meta && Promise.all([settledFirst, meta]).then(([, seen]) => seen);
  if (both !== undefined) views.set(objectKey(objectOf(refTo.meta)), both);
  const viewOnce = (id: ObjectId): Promise<View> => {
    const key = objectKey(id);
    const known = views.get(key) ?? settledFirst.then(() => view(session, id, options));
    views.set(key, known);
    return known;
  };
  return async (ref: Ref): Promise<View | undefined> => {
    const id = idWithoutLooking(session, ref);
    const seen = id && (await viewOnce(id));
    if (ref.kind !== "attachment") return seen;
    if (seen !== undefined && (seen.content === undefined || seen.content.has(refText(ref)))) return seen;
    const likely = likelyHome(ref);
    const near = likely && (await viewOnce(likely));
    if (near?.content?.has(refText(ref))) {
      session.homes.set(ref, near.id);
      return near;
    }
    const beside = () =>
      Promise.all(refs.flatMap((each) => ("address" in each ? viewOnce(objectOf(each)) : [])));
    const home =
      (await find(session, ref, options)) ?? (await findBeside(session, ref, await beside(), options));
    if (home === undefined) return undefined;
    await settleUnsettled(session, [home], options);
    return viewOnce(home);
  };
}

/** The object that holds the record; of an attachment the one that did when it was seen last. */
function idWithoutLooking(session: Session, ref: Ref): ObjectId | undefined {
  if (ref.kind !== "attachment") return objectOf(ref);
  const home = session.homes.get(ref);
  return home === "absent" ? undefined : home;
}

/** A record as the view shows it. @throws StoreFailure damaged */
export function recordIn(ref: Ref, seen: View | undefined): Versioned<RecordTypes[RecordKind]> | undefined {
  if (seen === undefined || revisionIn(seen, ref) === 0) return undefined;
  const part = seen.content?.get(refText(ref));
  if (part === undefined) throw damaged(seen.id, seen.object?.damage, ref);
  if (part.damage !== undefined) throw damaged(seen.id, part.damage, ref);
  return { record: part.record as RecordTypes[RecordKind], revision: revisionIn(seen, ref) };
}

interface Looked<T> {
  readonly answer: T;
  readonly revision: number;
}

async function look(session: Session, window: Window, options: CallOptions): Promise<Looked<WindowAnswer>> {
  const { last, limit } = window;
  const allocated: Address[] = [];
  const reserved: Address[] = [];
  const cooling: CoolingAddress[] = [];
  let knownThrough = last;
  const page = await outlinesIn(session, window, limit + 1, options);
  for (const [n, { address, outline }] of page.outlines.entries()) {
    if (n === limit) {
      knownThrough = page.outlines[n - 1]?.address ?? window.first;
      break;
    }
    if (outline.has.includes("a")) allocated.push(address);
    if (outline.has.includes("r")) reserved.push(address);
    if (isCooling(session, outline))
      cooling.push({ ...address, revision: outline.revision ?? Number(outline.version) });
  }
  return { answer: { allocated, reserved, cooling, knownThrough }, revision: page.revision };
}

async function countSpan(session: Session, span: Span, options: CallOptions): Promise<Looked<CountAnswer>> {
  const { outlines, revision } = await outlinesIn(session, span, Number.POSITIVE_INFINITY, options);
  const having = (letter: string) => outlines.filter(({ outline }) => outline.has.includes(letter)).length;
  const cooling = outlines.filter(({ outline }) => isCooling(session, outline)).length;
  return { answer: { allocated: having("a"), reserved: having("r"), cooling }, revision };
}

function isCooling(session: Session, { has, id, seconds, version }: Outline): boolean {
  if (!has.includes("c")) return false;
  return seconds === undefined || !session.expiry.isOver(id, version, seconds);
}

/** Those of a span, the lowest first, at most `most`. */
async function outlinesIn(
  session: Session,
  { first, last, space }: Span,
  most: number,
  options: CallOptions,
): Promise<{ outlines: { address: Address; outline: Outline }[]; revision: number }> {
  const outlines: { address: Address; outline: Outline }[] = [];
  const end = addressObject(space, last).name;
  let revision = 0;
  for (let from: string | undefined = addressObject(space, first).name; from !== undefined; ) {
    const limit = Math.min(PAGE, most - outlines.length);
    if (limit <= 0) break;
    const page = await session.objects.outlines({ resource: "addressrecords", from, limit }, options);
    revision ||= Number(page.version);
    for (const outline of page.items) {
      const { name } = outline.id;
      if (name > end || !name.startsWith(spacePrefix(space))) return { outlines, revision };
      const address = addressIn(name);
      if (address?.family === first.family && outline.has !== "") outlines.push({ address, outline });
    }
    from = page.next;
  }
  return { outlines, revision };
}
