import { formatAddress } from "../../address/address.ts";
import type { StoreRecords } from "../integrity/store-records.ts";
import type { Ref } from "../records.ts";
import { refKey } from "../ref-key.ts";
import type { AuditFinding } from "./types.ts";

/**
 * One finding for each record that cannot be read. Other rules ignore such a record until somebody
 * repairs it.
 */
export function findDamaged({ damaged }: Pick<StoreRecords, "damaged">): AuditFinding[] {
  return damaged.map(({ ref, failure: { message, remedy } }) => ({
    kind: "damaged",
    reason: "damaged",
    id: `damaged ${refKey(ref)}`,
    space: "space" in ref ? ref.space : "",
    address: "address" in ref ? formatAddress(ref.address) : "",
    what: message,
    remedy: remedy.replace(/\.$/, ""),
  }));
}

/** A function that tells whether a record exists but cannot be read. */
export function damagedIn({ damaged }: Pick<StoreRecords, "damaged">): (ref: Ref) => boolean {
  const keys = new Set(damaged.map(({ ref }) => refKey(ref)));
  return (ref) => keys.size > 0 && keys.has(refKey(ref));
}
