import type { Address } from "../address/address.ts";
import type { AttachmentId, Owner, Ref, RefOf } from "./records.ts";

/** Makes references to records: `refTo.allocation(space, address)`. */
export const refTo = {
  meta: { kind: "meta" },
  attachment: (node: string, id: AttachmentId) => ({ kind: "attachment", node, id }),
  allocation: (space: string, address: Address) => ({ kind: "allocation", space, address }),
  reservation: (space: string, address: Address) => ({ kind: "reservation", space, address }),
  cooling: (space: string, address: Address) => ({ kind: "cooling", space, address }),
  owner: (space: string, owner: Owner) => ({ kind: "owner", space, owner }),
  reservedRanges: (space: string) => ({ kind: "reservedRanges", space }),
  network: (name: string) => ({ kind: "network", name }),
  recovery: (node: string) => ({ kind: "recovery", node }),
  released: (node: string, id: AttachmentId) => ({ kind: "released", node, id }),
} as const satisfies RefMakers;

type RefMakers = {
  readonly [K in Ref["kind"]]: RefOf<K> | ((...of: never[]) => RefOf<K>);
};

/** References to all records of one address: its allocation, its reservation and its cooling. */
export function refsAround(space: string, address: Address) {
  return [
    refTo.allocation(space, address),
    refTo.reservation(space, address),
    refTo.cooling(space, address),
  ] as const;
}
