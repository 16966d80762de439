import * as v from "valibot";
import { type CallOptions, StoreFailure } from "../../../ipam/store-port.ts";
import type { ObjectId, Resource } from "../objects/names.ts";
import { objectKey } from "../objects/names.ts";
import type {
  Label,
  NewObject,
  ObjectChange,
  Objects,
  Page,
  PageScope,
  StoredObject,
  Was,
  WatchScope,
} from "../objects/objects.ts";
import { bodyOf, objectOf, outline, outlineOf, selectorOf, storedObject } from "../requests/wire.ts";

interface Kept {
  readonly id: ObjectId;
  /** As it would go over the wire. */
  readonly text: string;
}

/** An API server in memory: what it keeps is what goes over the wire. */
export class MemoryServer {
  readonly #objects = new Map<string, Kept>();
  readonly #changes: { readonly version: number; readonly change: ObjectChange }[] = [];
  readonly #waiting = new Set<() => void>();
  onRemoved = (_object: string): void => undefined;
  #version = 100;
  #uids = 0;

  get version(): string {
    return String(this.#version);
  }

  get(id: ObjectId): StoredObject | undefined {
    const kept = this.#objects.get(objectKey(id));
    return kept && read(kept);
  }

  create(object: NewObject): StoredObject | "exists" {
    if (this.#objects.has(objectKey(object.id))) return "exists";
    this.#uids += 1;
    return this.#put(object.id, bodyOf(object), `uid-${this.#uids}`);
  }

  replace(was: Was, object: NewObject): StoredObject | "changed" {
    if (!this.#isStill(was)) return "changed";
    return this.#put(was.id, bodyOf(object, { was }), was.uid);
  }

  remove(was: Was): "removed" | "changed" {
    const now = this.get(was.id);
    if (now === undefined || !this.#isStill(was)) return "changed";
    this.#version += 1;
    this.#objects.delete(objectKey(was.id));
    this.onRemoved(objectKey(was.id));
    this.#tell("gone", { ...now, version: this.version });
    return "removed";
  }

  /** In the order of the names. */
  all(resource: Resource): StoredObject[] {
    return this.#of(resource).map(read);
  }

  page(scope: PageScope): Page<StoredObject> {
    return this.#page(scope, read);
  }

  outlines(scope: PageScope): ReturnType<Objects["outlines"]> extends Promise<infer P> ? P : never {
    return this.#page(scope, ({ id, text }) => outlineOf(id.resource, v.parse(outline, JSON.parse(text))));
  }

  labelled(resource: Resource, label: Label): StoredObject[] {
    return this.#of(resource)
      .filter(({ text }) => JSON.parse(text).metadata.labels[selectorOf(label)] !== undefined)
      .map(read);
  }

  /** What a person does with an editor. */
  edit(id: ObjectId, spec: object): void {
    const kept = this.#objects.get(objectKey(id));
    if (kept === undefined) return;
    const body = JSON.parse(kept.text);
    this.#put(id, { ...body, spec: { ...body.spec, ...spec } }, body.metadata.uid);
  }

  async *watch(
    { name, resource }: WatchScope,
    since: string,
    { opened, signal }: { readonly signal: AbortSignal; readonly opened: () => void },
  ): AsyncGenerator<ObjectChange> {
    opened();
    for (let n = 0; !signal.aborted; ) {
      const next = this.#changes[n];
      if (next === undefined) await this.#changed(signal);
      else {
        n += 1;
        const { id } = next.change.object;
        const isAsked = id.resource === resource && (name === undefined || id.name === name);
        if (isAsked && next.version > Number(since)) yield next.change;
      }
    }
  }

  #changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }

  #of(resource: Resource): Kept[] {
    return [...this.#objects.values()]
      .filter(({ id }) => id.resource === resource)
      .sort((a, b) => (a.id.name < b.id.name ? -1 : 1));
  }

  #page<T extends { readonly id: ObjectId }>(
    { from, limit, resource }: PageScope,
    tell: (kept: Kept) => T,
  ): Page<T> {
    const left = this.#of(resource).filter(({ id }) => id.name >= from);
    const items = left.slice(0, limit).map(tell);
    const last = items.at(-1);
    return {
      items,
      version: this.version,
      ...(left.length > limit && last && { next: `${last.id.name}\u0000` }),
    };
  }

  #isStill({ id, uid, version }: Was): boolean {
    const now = this.get(id);
    return now?.uid === uid && now.version === version;
  }

  #put(id: ObjectId, body: object, uid: string): StoredObject {
    const former = this.#objects.get(objectKey(id));
    const made = JSON.parse(JSON.stringify(body));
    const text = (version: string) =>
      JSON.stringify({ ...made, metadata: { ...made.metadata, uid, resourceVersion: version } });
    // What changes nothing makes no new version.
    if (former !== undefined && text(read(former).version) === former.text) return read(former);
    this.#version += 1;
    const kept = { id, text: text(this.version) };
    this.#objects.set(objectKey(id), kept);
    this.#tell(former === undefined ? "made" : "changed", read(kept));
    return read(kept);
  }

  #tell(type: ObjectChange["type"], object: StoredObject): void {
    this.#changes.push({ version: this.#version, change: { type, object } });
    for (const wake of [...this.#waiting]) wake();
  }
}

/** A call of the server, and how it is made. */
export type Carry = <T>(isWrite: boolean, options: CallOptions, call: () => T) => Promise<T>;

/** The objects of a server. */
export function objectsIn(server: MemoryServer, carry: Carry = atOnce): Objects {
  return {
    get: (id, options) => carry(false, options, () => server.get(id)),
    create: (object, options) => carry(true, options, () => server.create(object)),
    replace: (was, object, options) => carry(true, options, () => server.replace(was, object)),
    remove: (was, options) => carry(true, options, () => server.remove(was)),
    page: (scope, options) => carry(false, options, () => server.page(scope)),
    outlines: (scope, options) => carry(false, options, () => server.outlines(scope)),
    labelled: (resource, label, options) => carry(false, options, () => server.labelled(resource, label)),
    watch: (scope, since, options) => server.watch(scope, since, options),
  };
}

/** A server that is there and answers at once. */
async function atOnce<T>(_: boolean, { deadline }: CallOptions, call: () => T): Promise<T> {
  if (performance.now() >= deadline) throw noAnswer("unavailable");
  return call();
}

/** Of a request that was answered by nobody. */
export function noAnswer(kind: "unavailable" | "unknown-outcome"): StoreFailure {
  return new StoreFailure(kind, "the API server gave no answer");
}

function read({ id, text }: Kept): StoredObject {
  return objectOf(id.resource, v.parse(storedObject, JSON.parse(text)));
}
