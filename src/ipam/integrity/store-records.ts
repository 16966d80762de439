import type { Damage, Entry } from "../store-port.ts";

/** The records of a store, or of one of its address spaces, read one kind after the other. */
export interface StoreRecords {
  readonly allocations: readonly Entry<"allocation">[];
  readonly attachments: readonly Entry<"attachment">[];
  readonly reservations: readonly Entry<"reservation">[];
  readonly reservedRanges: readonly Entry<"reservedRanges">[];
  readonly owners: readonly Entry<"owner">[];
  readonly networks: readonly Entry<"network">[];
  /** Records that cannot be read. A caller that decides by the absence of a record must check these too. */
  readonly damaged: readonly Damage[];
}
