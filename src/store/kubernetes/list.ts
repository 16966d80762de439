import type { RecordKind, Ref, RefOf } from "../../ipam/records.ts";
import type { CallOptions, CountScope, Entry, ListOptions, ListScope } from "../../ipam/store-port.ts";
import { readable } from "../readable.ts";
import { inScope } from "../scope.ts";
import {
  addressIn,
  addressObject,
  kindPrefix,
  type ObjectId,
  type Resource,
  spacePrefix,
} from "./objects/names.ts";
import type { Page, StoredObject } from "./objects/objects.ts";
import { parseRef } from "./objects/ref-text.ts";
import { recordIn } from "./read.ts";
import { nodeLabel } from "./requests/wire.ts";
import type { Session } from "./transactions/session.ts";
import { settled, type View } from "./transactions/view.ts";

/** Objects of a page: about a MiB. */
const PAGE = 500;

/**
 * Lists all records of a scope: those of addresses in the order of their numbers, attachments in the order of the
 * objects that hold them.
 *
 * @throws StoreFailure
 */
export async function* list<K extends RecordKind>(
  session: Session,
  scope: ListScope<K>,
  options: ListOptions,
): AsyncIterable<Entry<K>> {
  const isAll = scope.kind === "attachment" && scope.node === undefined;
  if (isAll) session.attachments.clear();
  for await (const object of objectsOf(session, scope, options)) {
    const seen = await settled(session, object.id, object, options);
    const refs = refsIn(seen, scope);
    if (isAll) noteAttachments(session, object, refs as RefOf<"attachment">[]);
    yield* entriesIn(seen, refs, options.damaged);
  }
  if (isWholeNode(scope)) session.homes.listed(scope.node ?? "");
}

/** Records of an object, each at the revision that guards compare. */
export function* entriesIn<K extends RecordKind>(
  seen: View,
  refs: readonly RefOf<K>[],
  damaged: ListOptions["damaged"],
): Generator<Entry<K>> {
  for (const ref of refs) {
    let revision = 0;
    const decode = () => {
      const found = recordIn(ref, seen);
      revision = found?.revision ?? 0;
      return found?.record as Entry<K>["record"];
    };
    const record = readable<K>(ref, decode, damaged);
    if (record !== undefined) yield { ref, record, revision };
  }
}

/** Remembers which attachments an address holds now. */
export function noteAttachments(
  { attachments }: Session,
  { id: { name, resource } }: StoredObject,
  refs: readonly RefOf<"attachment">[],
): void {
  if (refs.length === 0) attachments.delete(name);
  else if (resource === "addressrecords") attachments.set(name, refs);
}

/** Counts the records of a scope. @throws StoreFailure */
export async function count(session: Session, scope: CountScope, options: CallOptions): Promise<number> {
  let sum = 0;
  const counting: ListOptions = {
    ...options,
    damaged: () => {
      sum += 1;
    },
  };
  for await (const _ of list(session, scope, counting)) sum += 1;
  return sum;
}

/** The address spaces that have a record. Reads one object of each. @throws StoreFailure */
export async function spaces(session: Session, options: CallOptions): Promise<string[]> {
  const found = new Set<string>();
  const places: readonly [Resource, string][] = [
    ["addressrecords", ""],
    ["storerecords", kindPrefix("owner")],
    ["storerecords", kindPrefix("reservedRanges")],
  ];
  for (const [resource, prefix] of places) {
    for (let from: string | undefined = prefix; from !== undefined; ) {
      const page: Page<StoredObject> = await session.objects.page({ resource, from, limit: 1 }, options);
      const [object] = page.items;
      if (object === undefined || !object.id.name.startsWith(prefix)) break;
      for (const { ref } of object.content?.values() ?? []) if ("space" in ref) found.add(ref.space);
      const segment = object.id.name.slice(prefix.length).split(".")[0] ?? "";
      from = `${prefix}${segment}${LAST}`;
    }
  }
  return [...found].sort();
}

/** Comes after all names of a segment: none has that character. */
const LAST = ".~";

function isWholeNode({ kind, network, node }: ListScope): boolean {
  return kind === "attachment" && node !== undefined && network === undefined;
}

/** The objects in which records of the scope may be. */
async function* objectsOf(
  session: Session,
  scope: ListScope,
  options: CallOptions,
): AsyncIterable<StoredObject> {
  const { objects } = session;
  if (scope.kind === "attachment") {
    if (scope.node !== undefined) {
      const label = nodeLabel(scope.node);
      const found = await Promise.all([
        objects.labelled("addressrecords", label, options),
        objects.labelled("storerecords", label, options),
      ]);
      yield* inOrder(found.flat());
      return;
    }
    yield* from(session, { resource: "addressrecords", name: "" }, "", options);
  }
  if (ADDRESS_KINDS.includes(scope.kind)) {
    yield* addressesOf(session, scope, options);
    return;
  }
  const prefix =
    scope.kind === "owner" && scope.space !== undefined
      ? `${kindPrefix("owner")}${spacePrefix(scope.space)}`
      : kindPrefix(scope.kind);
  yield* from(session, { resource: "storerecords", name: prefix }, prefix, options);
}

const ADDRESS_KINDS: readonly RecordKind[] = ["allocation", "reservation", "cooling"];

async function* addressesOf(
  session: Session,
  { address, from: first, space }: ListScope,
  options: CallOptions,
): AsyncIterable<StoredObject> {
  if (space === undefined) return yield* from(session, { resource: "addressrecords", name: "" }, "", options);
  if (address !== undefined) {
    const object = await session.objects.get(addressObject(space, address), options);
    if (object !== undefined) yield object;
    return;
  }
  const start = first === undefined ? spacePrefix(space) : addressObject(space, first).name;
  yield* from(session, { resource: "addressrecords", name: start }, spacePrefix(space), options);
}

/** The objects of a resource from a name on, as long as their names begin so. */
export async function* from(
  session: Session,
  { name, resource }: ObjectId,
  prefix: string,
  options: CallOptions,
): AsyncIterable<StoredObject> {
  for (let next: string | undefined = name; next !== undefined; ) {
    const page: Page<StoredObject> = await session.objects.page(
      { resource, from: next, limit: PAGE },
      options,
    );
    for (const object of page.items) {
      if (!object.id.name.startsWith(prefix)) return;
      yield object;
    }
    next = page.next;
  }
}

/** The records of an object that are in the scope. Of one that cannot be read at all: what its name says. */
export function refsIn<K extends RecordKind>(seen: View, scope: ListScope<K>): RefOf<K>[] {
  const all: Ref[] =
    seen.content === undefined
      ? unreadable(seen.object, seen.id, scope)
      : Array.from(seen.content.values(), ({ ref }) => ref);
  return all.filter((ref): ref is RefOf<K> => inScope(scope, ref));
}

/** Records of an object whose content cannot be read. */
function unreadable(object: StoredObject | undefined, id: ObjectId, scope: ListScope): Ref[] {
  if (object === undefined) return [];
  if (id.resource === "storerecords") {
    const ref = parseRef(object.told.ref ?? "");
    return ref === undefined ? [] : [ref];
  }
  // The letters of the kinds: "a" allocation, "r" reservation, "c" cooling.
  return object.told.has.includes(scope.kind.slice(0, 1)) ? refOfAddress(object, scope) : [];
}

/** The record of the scope's kind that the object of an address may hold, by its name; none of another object's. */
export function refsOfAddress<K extends RecordKind>(object: StoredObject, scope: ListScope<K>): RefOf<K>[] {
  return refOfAddress(object, scope).filter((ref): ref is RefOf<K> => inScope(scope, ref));
}

/** A space that cannot be a name is told by what the object holds, or asked for by who looks for it. */
function refOfAddress(
  { content, id }: StoredObject,
  { kind, space }: Pick<ListScope, "kind" | "space">,
): Ref[] {
  const address = id.resource === "addressrecords" ? addressIn(id.name) : undefined;
  if (address === undefined || !(kind === "allocation" || kind === "reservation" || kind === "cooling"))
    return [];
  const held = Array.from(content?.values() ?? [], ({ ref }) => ref).find((ref) => "address" in ref);
  const told = held !== undefined && "space" in held ? held.space : undefined;
  return [{ kind, space: told ?? space ?? id.name.slice(0, id.name.indexOf(".")), address }];
}

function inOrder(objects: readonly StoredObject[]): StoredObject[] {
  const key = ({ content }: StoredObject) => [...(content?.keys() ?? [])].find(isAttachment) ?? "";
  return objects.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

function isAttachment(text: string): boolean {
  return text.startsWith('["attachment"');
}
