import type { CallOptions } from "../../../ipam/store-port.ts";
import type { Content } from "./content.ts";
import type { ObjectId, Resource } from "./names.ts";

/** One object as the API server told it. */
export interface StoredObject {
  readonly id: ObjectId;
  readonly uid: string;
  /** Its resourceVersion: a guard of the next write. */
  readonly version: string;
  /** The records that it holds; undefined where they cannot be read. */
  readonly content: Content | undefined;
  /** Why they cannot be read, where that is known. */
  readonly damage?: string;
  /** What it says of its records outside of them: their references, as far as its labels and its spec tell. */
  readonly told: { readonly has: string; readonly ref?: string };
  /** IDs of the writes that made it as it is, the newest first: the last `MOST_WRITTEN`. */
  readonly written: readonly string[];
  /** What a transaction over several objects is to make of it. */
  readonly prepared?: Prepared;
  /** The verdict, of the object that decides a transaction. */
  readonly verdict?: Verdict;
  /** Of the object that decides a transaction: those that it prepares. */
  readonly prepares?: readonly ObjectId[];
}

/** Writes of an object that it remembers: whoever wrote it finds out later whether that happened. */
export const MOST_WRITTEN = 8;

/** The part of a transaction over several objects that concerns one of them. */
export interface Prepared {
  readonly transaction: string;
  /** What the object holds once the transaction is committed; undefined where that cannot be read. */
  readonly content: Content | undefined;
}

export type Verdict = "pending" | "committed";

/** What an object is to hold. */
export interface NewObject {
  readonly id: ObjectId;
  readonly content: Content;
  /** ID of this write. */
  readonly written: string;
  readonly prepared?: { readonly transaction: string; readonly content: Content };
  readonly verdict?: Verdict;
  readonly prepares?: readonly ObjectId[];
}

/** What a listing for free addresses tells of an object, without its content. */
export interface Outline {
  readonly id: ObjectId;
  readonly version: string;
  /** Kinds of record of the address: "a" allocation, "r" reservation, "c" cooling. */
  readonly has: string;
  /** A transaction over several objects has prepared it. */
  readonly isPrepared: boolean;
  /** Of its cooling. */
  readonly seconds?: number;
  readonly revision?: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Resource version of the listing. */
  readonly version: string;
  /** The name to go on from; undefined after the last one. */
  readonly next?: string;
}

/** Narrows a listing of a resource. */
export interface PageScope {
  readonly resource: Resource;
  /** The first name that counts; "" for all. */
  readonly from: string;
  readonly limit: number;
}

/** One change of an object. */
export interface ObjectChange {
  /** Made: it was not there before, as far as the watch knows what was. */
  readonly type: "made" | "changed" | "gone";
  readonly object: StoredObject;
}

/** Which objects a watch follows. */
export interface WatchScope {
  readonly resource: Resource;
  /** Only this one: filed under its name by the API server, so that it costs writers of others nothing. */
  readonly name?: string;
}

/** How a watch of objects is told of, and whether it goes on. */
export interface ObjectWatch {
  readonly signal: AbortSignal;
  /** Called each time the API server has begun to answer. */
  readonly opened: () => void;
  /**
   * Goes on, from where it was, when the API server was away: for one of several watches, of which nobody else knows
   * how far each has come.
   */
  readonly goesOn?: boolean;
}

/**
 * Objects of Kubernetes' API: compare-and-swap of one, and nothing over several. All reads are linearizable. A call
 * rejects with StoreFailure only: a write whose answer did not come with kind "unknown-outcome".
 */
export interface Objects {
  get(id: ObjectId, options: CallOptions): Promise<StoredObject | undefined>;
  /** @returns the object, or "exists" where there is one of that name. */
  create(object: NewObject, options: CallOptions): Promise<StoredObject | "exists">;
  /** @returns the object, or "changed" where it is not the one that was read any more. */
  replace(was: Was, object: NewObject, options: CallOptions): Promise<StoredObject | "changed">;
  /** @returns "changed" where it is not the one that was read any more; also where it is gone. */
  remove(was: Was, options: CallOptions): Promise<"removed" | "changed">;
  page(scope: PageScope, options: CallOptions): Promise<Page<StoredObject>>;
  outlines(scope: PageScope, options: CallOptions): Promise<Page<Outline>>;
  /** All objects with this label. Costs the API server a look at each object of the resource. */
  labelled(resource: Resource, label: Label, options: CallOptions): Promise<StoredObject[]>;
  /**
   * Yields what changes after `since`; ends when `signal` aborts. @throws StoreFailure history-lost where the API
   * server no longer knows.
   */
  watch(scope: WatchScope, since: string, options: ObjectWatch): AsyncIterable<ObjectChange>;
}

/** The object that a write replaces. */
export type Was = Pick<StoredObject, "id" | "uid" | "version" | "written">;

/** What objects are found by: the node of an attachment, or the attachment itself, as hashes. */
export interface Label {
  readonly name: "node" | "attachment";
  readonly value: string;
}
