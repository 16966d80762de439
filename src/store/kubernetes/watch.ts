import type { RecordKind, RefOf } from "../../ipam/records.ts";
import { refTo } from "../../ipam/ref-to.ts";
import {
  type AnyChange,
  type Change,
  type ListScope,
  StoreFailure,
  type WatchOptions,
} from "../../ipam/store-port.ts";
import { readable } from "../readable.ts";
import { inScope } from "../scope.ts";
import { noteAttachments, refsIn, refsOfAddress } from "./list.ts";
import { addressIn, addressObject, type Resource, recordObject } from "./objects/names.ts";
import type { ObjectChange, ObjectWatch, StoredObject, WatchScope } from "./objects/objects.ts";
import { refText } from "./objects/ref-text.ts";
import { recordIn } from "./read.ts";
import type { Session } from "./transactions/session.ts";
import type { View } from "./transactions/view.ts";

/** Yields the changes of one kind of record; of one address, without cost for writers of others. */
export async function* watch<K extends RecordKind>(
  session: Session,
  scope: ListScope<K>,
  since: number,
  options: WatchOptions,
): AsyncIterable<Change<K>> {
  const told = new Told(session);
  for await (const change of merged(session, watchesOf(scope), since, options))
    yield* told.changes(change, scope, options);
}

/** Yields the changes of several kinds, each kind's in its order. */
export async function* changes<K extends RecordKind>(
  session: Session,
  kinds: readonly K[],
  since: number,
  options: WatchOptions,
): AsyncIterable<AnyChange<K>> {
  const told = new Told(session);
  const watches = [...new Set(kinds.flatMap((kind) => watchesOf({ kind }).map(({ resource }) => resource)))];
  for await (const change of merged(
    session,
    watches.map((resource) => ({ resource })),
    since,
    options,
  ))
    for (const kind of kinds) yield* told.changes(change, { kind }, options) as Iterable<AnyChange<K>>;
}

function watchesOf({ address, kind, space }: ListScope): WatchScope[] {
  if (kind === "attachment") return [{ resource: "addressrecords" }, { resource: "storerecords" }];
  const resource: Resource = ADDRESS_KINDS.includes(kind) ? "addressrecords" : "storerecords";
  if (kind === "meta") return [{ resource, name: recordObject({ kind }).name }];
  if (space === undefined || address === undefined) return [{ resource }];
  return [{ resource, name: addressObject(space, address).name }];
}

const ADDRESS_KINDS: readonly RecordKind[] = ["allocation", "reservation", "cooling"];

/**
 * Several watches as one stream. Each goes on by itself, from where it was: how far the stream came says nothing about
 * the one that was behind.
 */
async function* merged(
  session: Session,
  scopes: readonly WatchScope[],
  since: number,
  { signal, stands }: WatchOptions,
): AsyncIterable<ObjectChange> {
  const ended = new AbortController();
  const either = AbortSignal.any([signal, ended.signal]);
  let opened = 0;
  const onOpen = () => {
    opened += 1;
    if (opened === scopes.length) stands?.(true);
  };
  const queue: ObjectChange[] = [];
  let failure: unknown;
  let running = scopes.length;
  let wake = () => {};
  const follow = async (scope: WatchScope) => {
    try {
      const options = { signal: either, opened: onOpen, goesOn: scopes.length > 1 };
      for await (const change of following(session, scope, since, options)) {
        queue.push(change);
        wake();
      }
    } catch (error) {
      failure ??= error;
    } finally {
      running -= 1;
      wake();
    }
  };
  for (const scope of scopes) void follow(scope);
  try {
    while (!signal.aborted) {
      const next = queue.shift();
      if (next !== undefined) yield next;
      else if (failure !== undefined) throw failure;
      else if (running === 0) return;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    ended.abort();
  }
}

/**
 * The changes of a scope. What one object is can be asked for, so that its watch goes on where the API server no longer
 * knows all that happened since: an address may not have changed for days.
 */
async function* following(
  session: Session,
  scope: WatchScope,
  since: number,
  options: ObjectWatch,
): AsyncIterable<ObjectChange> {
  const { name, resource } = scope;
  for (let from = String(since); ; ) {
    try {
      return yield* session.objects.watch(scope, from, options);
    } catch (failure) {
      if (name === undefined || !(failure instanceof StoreFailure) || failure.kind !== "history-lost")
        throw failure;
      const call = { deadline: performance.now() + LOOK_MS };
      const page = await session.objects.page({ resource, from: name, limit: 1 }, call);
      const object = page.items.find(({ id }) => id.name === name);
      from = page.version;
      if (object === undefined) yield { type: "gone", object: goneObject(scope, name, page.version) };
      else if (Number(object.version) > since) yield { type: "changed", object };
    }
  }
}

/** How long one look may take, in milliseconds. */
const LOOK_MS = 10_000;

/** An object of which nobody saw how it went: whatever it may have held is gone. */
function goneObject({ resource }: WatchScope, name: string, version: string): StoredObject {
  const address = resource === "addressrecords" ? addressIn(name) : undefined;
  const refs = address === undefined ? [refTo.meta] : [];
  return {
    id: { resource, name },
    uid: "",
    version,
    written: [],
    told: { has: "arc" },
    content:
      address === undefined ? new Map(refs.map((ref) => [refText(ref), { ref, record: {} }])) : undefined,
  };
}

/** What a watch has told, so that a change of one record of an object is not told as one of the others. */
class Told {
  readonly #known = new Map<string, { readonly ref: RefOf<RecordKind>; readonly text: string }[]>();
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  *changes<K extends RecordKind>(
    { object, type }: ObjectChange,
    scope: ListScope<K>,
    { damaged, keysOnly = false }: WatchOptions,
  ): Iterable<Change<K>> {
    const revision = Number(object.version);
    const key = `${scope.kind} ${object.id.resource} ${object.id.name}`;
    const seen = viewOf(object);
    const there = type === "gone" ? [] : refsIn(seen, scope);
    const before = this.#known.get(key);
    const now = there.map((ref) => ({ ref, text: textOf(seen, ref) }));
    // What prepares an object changes nothing of it.
    if (type !== "gone" && object.prepared !== undefined) {
      if (before === undefined) this.#known.set(key, now);
      return;
    }
    this.#known.set(key, now);
    for (const { ref, text } of now) {
      if (before?.some((known) => refText(known.ref) === refText(ref) && known.text === text)) continue;
      if (keysOnly) yield { ref, present: true, revision } as Change<K>;
      else {
        const record = readable<K>(ref, () => recordIn(ref, seen)?.record as never, damaged);
        if (record !== undefined) yield { ref, present: true, record, revision } as Change<K>;
      }
    }
    for (const ref of before?.map((known) => known.ref) ?? mayHaveHeld(this.#session, object, type, scope))
      if (!there.some((each) => refText(each) === refText(ref)))
        yield { ref, present: false, revision } as Change<K>;
    if (type === "gone") this.#known.delete(key);
    if (isOfAll(scope)) noteAttachments(this.#session, object, there as RefOf<"attachment">[]);
  }
}

/**
 * What an object may have held that is seen for the first time. Of one that is gone its last state says it; of one that
 * has changed nobody knows but who listed its attachments, and that a record is not there is told once too often rather
 * than never.
 */
function mayHaveHeld<K extends RecordKind>(
  { attachments }: Session,
  object: StoredObject,
  type: ObjectChange["type"],
  scope: ListScope<K>,
): RefOf<K>[] {
  if (type === "gone") return refsIn(viewOf(object), scope);
  if (type === "made") return [];
  const listed = attachments.get(object.id.name) ?? [];
  return [
    ...listed.filter((ref): ref is RefOf<K> & (typeof listed)[number] => inScope(scope, ref)),
    ...refsOfAddress(object, scope),
  ];
}

function isOfAll({ kind, network, node }: ListScope): boolean {
  return kind === "attachment" && node === undefined && network === undefined;
}

function viewOf(object: StoredObject): View {
  return { id: object.id, object, content: object.content };
}

function textOf({ content }: View, ref: RefOf<RecordKind>): string {
  return JSON.stringify(content?.get(refText(ref))?.record) ?? "";
}
