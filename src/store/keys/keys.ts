import type { Address, Family } from "../../address/address.ts";
import { sortableText } from "../../address/sortable.ts";
import type { AttachmentId, Owner, RecordKind, Ref } from "../../ipam/records.ts";
import type { ListScope, Span } from "../../ipam/store-port.ts";
import { escapePart, parseAddressPart, unescapePart } from "./key-parts.ts";

/** The keys of records below the prefix (docs/design.md section 6), and the records of keys. */
export interface Keys {
  /** The beginning of all keys of kube-ipam; a role with readwrite there is enough. */
  readonly root: string;
  /** The key of a record. */
  keyOf(ref: Ref): string;
  /** The record of a key; undefined for another program's key. An owner's UID is in the record, not in the key. */
  refOf(key: string): Ref | undefined;
  /** The keys of all addresses of a span, for one kind of record. */
  spanOf(kind: AddressKind, span: Span): KeyRange;
  /**
   * The smallest range of keys that holds a whole scope. Without `space` it also holds other kinds of
   * records: see `spansSpaces`.
   */
  scopeOf(scope: ListScope): KeyRange;
  /**
   * The smallest key after `key` that a listing of the scope may find. Keys of the two families interleave: of a part,
   * which is of one family, it lies beyond those of the other family that begin as `key` does.
   */
  following(key: string, scope: ListScope): string;
  /** The space that a key lies in; undefined outside of all. */
  spaceOf(key: string): string | undefined;
  /** All keys of one space. */
  wholeSpace(space: string): KeyRange;
}

/** The kinds of record that have one key for each address. */
export type AddressKind = "allocation" | "reservation" | "cooling";

/** The keys from `first` up to, but without, `end`, as in etcd's range requests. */
export interface KeyRange {
  readonly first: string;
  readonly end: string;
}

const FOLDERS = { allocation: "allocations", reservation: "reservations", cooling: "cooling" } as const;

const OUTSIDE_OF_SPACES: readonly RecordKind[] = ["meta", "attachment", "released", "network", "recovery"];

/** The folders of the records that each attachment may have. */
const OF_ATTACHMENTS = { attachment: "attachments", released: "released" } as const;

/** Whether the range of a scope holds other kinds too, because kinds lie below spaces. */
export function spansSpaces(scope: ListScope): boolean {
  return scope.space === undefined && !OUTSIDE_OF_SPACES.includes(scope.kind);
}

/** Makes the keys below a prefix, which ends without a slash. */
export function makeKeys(prefix: string): Keys {
  const root = `${prefix}/`;
  const path = (...parts: readonly string[]) => `${root}${parts.join("/")}`;
  // A transaction names one reference as a guard and as what it writes.
  const known = new WeakMap<Ref, string>();
  return {
    root,
    keyOf: (ref) => {
      const before = known.get(ref);
      if (before !== undefined) return before;
      const key = path(...partsOf(ref));
      known.set(ref, key);
      return key;
    },
    refOf: (key) => (key.startsWith(root) ? parseParts(key.slice(root.length).split("/")) : undefined),
    spanOf: (kind, { space, first, last }) => {
      const folder = path("spaces", escapePart(space), FOLDERS[kind]);
      return { first: `${folder}/${sortableText(first)}`, end: after(`${folder}/${sortableText(last)}`) };
    },
    scopeOf: (scope) => partOf(rangeOf(path(...scopeParts(scope)), isWhole(scope)), scope),
    following: (key, { to }) => (to && beyondOther(key, to.family)) ?? after(key),
    spaceOf: (key) => {
      const [top, space] = key.slice(root.length).split("/");
      return key.startsWith(root) && top === "spaces" && space !== undefined
        ? unescapePart(space)
        : undefined;
    },
    wholeSpace: (space) => rangeOf(path("spaces", escapePart(space)), false),
  };
}

/** The smallest key after `key`. */
export function after(key: string): string {
  return `${key}\0`;
}

/** All keys that begin with `root`, which ends with a slash. */
export function allBelow(root: string): KeyRange {
  return rangeOf(root.slice(0, -1), false);
}

/** One key, or everything below it ("0" is the character after "/"). */
function rangeOf(path: string, whole: boolean): KeyRange {
  return whole ? { first: path, end: after(path) } : { first: `${path}/`, end: `${path}0` };
}

/** The part of a folder of addresses that a scope asks for. */
function partOf({ first, end }: KeyRange, { from, to }: ListScope): KeyRange {
  if (from === undefined) return { first, end };
  return {
    first: `${first}${sortableText(from)}`,
    end: to === undefined ? end : after(`${first}${sortableText(to)}`),
  };
}

/** Undefined for the key of an address of this family, and for any other one that is no address. */
function beyondOther(key: string, family: Family): string | undefined {
  const start = key.lastIndexOf("/") + 1;
  const address = parseAddressPart(key.slice(start));
  if (address === undefined || address.family === family) return undefined;
  // Three digits are followed by "." in IPv4, and by one from 0 to f in IPv6; "/" and "g" lie right behind those.
  return `${key.slice(0, start + 3)}${address.family === 4 ? "/" : "g"}`;
}

function partsOf(ref: Ref): readonly string[] {
  switch (ref.kind) {
    case "meta":
      return ["meta"];
    case "network":
      return ["networks", escapePart(ref.name)];
    case "recovery":
      return ["recovery", escapePart(ref.node)];
    case "attachment":
    case "released": {
      const { network, container, ifname } = ref.id;
      return [OF_ATTACHMENTS[ref.kind], ...[ref.node, network, container, ifname].map(escapePart)];
    }
    case "owner": {
      const { kind, namespace, name } = ref.owner;
      return ["spaces", escapePart(ref.space), "owners", ...[kind, namespace, name].map(escapePart)];
    }
    case "reservedRanges":
      return ["spaces", escapePart(ref.space), "reserved-ranges"];
    default:
      return ["spaces", escapePart(ref.space), FOLDERS[ref.kind], sortableText(ref.address)];
  }
}

function scopeParts(scope: ListScope): readonly string[] {
  const { kind, space, node, network, address } = scope;
  if (kind === "meta") return ["meta"];
  if (kind === "network") return ["networks"];
  if (kind === "recovery") return ["recovery", ...(node === undefined ? [] : [escapePart(node)])];
  if (kind === "attachment" || kind === "released") {
    const names = [node, node === undefined ? undefined : network];
    return [OF_ATTACHMENTS[kind], ...names.filter((name) => name !== undefined).map(escapePart)];
  }
  if (space === undefined) return ["spaces"];
  return ["spaces", escapePart(space), ...spaceParts(kind, address)];
}

function spaceParts(kind: RecordKind, address: Address | undefined): readonly string[] {
  if (kind === "owner") return ["owners"];
  if (kind === "reservedRanges") return ["reserved-ranges"];
  const folder = FOLDERS[kind as AddressKind];
  return address === undefined ? [folder] : [folder, sortableText(address)];
}

/** True where the scope is one key, not a folder. */
function isWhole({ kind, node, space, address }: ListScope): boolean {
  if (kind === "meta") return true;
  if (kind === "recovery") return node !== undefined;
  return space !== undefined && (kind === "reservedRanges" || (kind in FOLDERS && address !== undefined));
}

function parseParts([top, ...rest]: readonly string[]): Ref | undefined {
  if (top === "spaces") return parseSpaceParts(rest);
  const names = rest.map(unescapePart);
  if (names.includes(undefined)) return undefined;
  if (top === "meta" && rest.length === 0) return { kind: "meta" };
  const [first = "", network = "", container = "", ifname = ""] = names;
  if (top === "networks" && rest.length === 1) return { kind: "network", name: first };
  if (top === "recovery" && rest.length === 1) return { kind: "recovery", node: first };
  const kind = top === "attachments" ? "attachment" : top === "released" ? "released" : undefined;
  if (kind === undefined || rest.length !== 4) return undefined;
  const id: AttachmentId = { network, container, ifname };
  return { kind, node: first, id };
}

function parseSpaceParts([escaped = "", folder, ...rest]: readonly string[]): Ref | undefined {
  const space = unescapePart(escaped);
  if (space === undefined) return undefined;
  if (folder === "reserved-ranges" && rest.length === 0) return { kind: "reservedRanges", space };
  if (folder === "owners") return parseOwner(space, rest.map(unescapePart));
  const [part = ""] = rest;
  const address = rest.length === 1 ? parseAddressPart(part) : undefined;
  if (address === undefined) return undefined;
  const kinds = Object.keys(FOLDERS) as AddressKind[];
  const kind = kinds.find((candidate) => FOLDERS[candidate] === folder);
  return kind === undefined ? undefined : { kind, space, address };
}

function parseOwner(space: string, names: readonly (string | undefined)[]): Ref | undefined {
  const [kind, namespace, name] = names;
  if (kind === undefined || namespace === undefined || name === undefined) return undefined;
  const owner: Owner = { kind, namespace, name };
  return names.length === 3 ? { kind: "owner", space, owner } : undefined;
}
