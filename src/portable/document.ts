import { formatAddress, parseAddress } from "../address/address.ts";
import type { PortableKind } from "../ipam/carried-kinds.ts";
import type { RecordTypes, Ref } from "../ipam/records.ts";

export const DOCUMENT_KIND = "kube-ipam-records";
export const DOCUMENT_VERSION = 1;

/** All records of a store as one JSON document, for backups and for moving to another store. */
export interface PortableDocument {
  readonly kind: typeof DOCUMENT_KIND;
  readonly version: number;
  /** When and from which store, for people; an import does not read it. */
  readonly made: string;
  readonly from: { readonly store: string; readonly location: string; readonly uuid?: string };
  readonly records: readonly PortableRecord[];
}

type InText<R> = R extends { readonly address: unknown }
  ? Omit<R, "address"> & { readonly address: string }
  : R;

/** A reference with its address in canonical text; an owner without its UID, which is in the record. */
export type PortableRef = InText<Extract<Ref, { kind: PortableKind }>>;

export interface PortableRecord {
  readonly ref: PortableRef;
  readonly record: RecordTypes[PortableKind];
}

export function toPortable(ref: Extract<Ref, { kind: PortableKind }>): PortableRef {
  if ("address" in ref) return { ...ref, address: formatAddress(ref.address) };
  if (ref.kind !== "owner") return ref;
  const { kind, namespace, name } = ref.owner;
  return { ...ref, owner: { kind, namespace, name } };
}

export function fromPortable(ref: PortableRef): Extract<Ref, { kind: PortableKind }> {
  return "address" in ref ? { ...ref, address: parseAddress(ref.address) } : ref;
}

/** One text per reference: equal texts name one record. */
export function nameOf(ref: PortableRef): string {
  switch (ref.kind) {
    case "network":
      return `network ${ref.name}`;
    case "reservedRanges":
      return `reserved ranges of space ${ref.space}`;
    case "owner":
      return `owner ${ref.owner.kind} ${ref.owner.namespace}/${ref.owner.name} in space ${ref.space}`;
    case "attachment":
      return `attachment ${ref.id.container}/${ref.id.ifname} of network ${ref.id.network} on node ${ref.node}`;
    default:
      return `${ref.kind} of ${ref.address} in space ${ref.space}`;
  }
}
