import { tryParseAddress } from "../../../address/address.ts";
import type { AttachmentRecord, Ref, RefOf } from "../../../ipam/records.ts";
import { addressObject, type ObjectId, recordObject } from "./names.ts";

/** The object that holds an attachment's record: that of its first address, so that both are written at once. */
export function homeOf(
  ref: RefOf<"attachment">,
  { addresses: [first], space }: Pick<AttachmentRecord, "addresses" | "space">,
): ObjectId {
  const address = first === undefined ? undefined : tryParseAddress(first);
  return address === undefined ? recordObject(ref) : addressObject(space, address);
}

/** The object that holds a record of any kind but an attachment's. */
export function objectOf(ref: Exclude<Ref, RefOf<"attachment">> | Ref): ObjectId {
  return "address" in ref ? addressObject(ref.space, ref.address) : recordObject(ref);
}

/** The object that may hold an attachment's record, by the caller's word. */
export function likelyHome(ref: Ref): ObjectId | undefined {
  return ref.kind === "attachment" && ref.likely
    ? addressObject(ref.likely.space, ref.likely.address)
    : undefined;
}
