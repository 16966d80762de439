import type { Address } from "../../../address/address.ts";
import { parseSortable, sortableText } from "../../../address/sortable.ts";
import type { Ref } from "../../../ipam/records.ts";
import { hashOf } from "./hash.ts";
import { refText } from "./ref-text.ts";

/** The two resources: one object for each address, and one for each other record. */
export type Resource = "addressrecords" | "storerecords";

/** Names one object. */
export interface ObjectId {
  readonly resource: Resource;
  readonly name: string;
}

/** Equal for two names of one object. */
export function objectKey({ name, resource }: ObjectId): string {
  return `${resource}/${name}`;
}

/** Undoes `objectKey`. */
export function parseObjectKey(text: string): ObjectId {
  const [resource, name = ""] = text.split("/");
  return { resource: resource === "addressrecords" ? resource : "storerecords", name };
}

/** The object of an address: `default.010.188.000.216`. Names of one space and family sort like numbers. */
export function addressObject(space: string, address: Address): ObjectId {
  return { resource: "addressrecords", name: `${spacePrefix(space)}${labelText(address)}` };
}

/** What the names of all addresses of a space begin with. */
export function spacePrefix(space: string): string {
  return `${segment(space)}.`;
}

/** The address in an object's name; undefined where it has none. */
export function addressIn(name: string): Address | undefined {
  const text = name.slice(name.indexOf(".") + 1);
  try {
    return parseSortable(text.includes(".") ? text : text.replaceAll("-", ":"));
  } catch {
    return undefined;
  }
}

/** The object of a record that has one of its own. Its name says what it is, where names of Kubernetes can say it. */
export function recordObject(ref: Ref): ObjectId {
  return { resource: "storerecords", name: recordName(ref) };
}

/** What the names of all records of a kind begin with. */
export function kindPrefix(kind: Ref["kind"]): string {
  return kind === "meta" ? "meta" : `${kind.toLowerCase()}.`;
}

/** The object that tells whether a transaction was committed. */
export function decisionObject(transaction: string): ObjectId {
  return { resource: "storerecords", name: `${DECISIONS}${transaction}` };
}

export const DECISIONS = "decision.";

function recordName(ref: Ref): string {
  const prefix = kindPrefix(ref.kind);
  if (ref.kind === "meta") return prefix;
  if (ref.kind === "recovery") return `${prefix}${segment(ref.node)}`;
  if (ref.kind === "network") return `${prefix}${segment(ref.name)}`;
  if (ref.kind === "reservedRanges") return `${prefix}${segment(ref.space)}`;
  if (ref.kind === "owner") return `${prefix}${spacePrefix(ref.space)}${hashOf(refText(ref))}`;
  return `${prefix}${hashOf(refText(ref))}`;
}

/** IPv6 in groups of a label's characters. */
function labelText(address: Address): string {
  return sortableText(address).replaceAll(":", "-");
}

/** A name as one segment of an object's name; a hash of a name that is none. */
function segment(name: string): string {
  return SEGMENT.test(name) && !name.startsWith(HASHED) ? name : `${HASHED}${hashOf(name)}`;
}

const SEGMENT = /^[a-z\d]([a-z\d-]{0,38}[a-z\d])?$/;
const HASHED = "x--";
