import { type Address, tryParseAddress } from "../address/address.ts";
import type { AttachmentId, AttachmentRecord, Owner, Ref, RefOf } from "./records.ts";

/** Makes references to records: `refTo.allocation(space, address)`. */
export const refTo = {
  meta: { kind: "meta" },
  attachment: (node: string, id: AttachmentId, likely?: RefOf<"attachment">["likely"]) => ({
    kind: "attachment",
    node,
    id,
    ...(likely && { likely }),
  }),
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

/** What an attachment's reference says of where its record likely is; undefined where no address is known. */
export function likelyOf({
  addresses: [first],
  space,
}: Pick<AttachmentRecord, "addresses" | "space">): RefOf<"attachment">["likely"] {
  const address = first === undefined ? undefined : tryParseAddress(first);
  return address && { space, address };
}
