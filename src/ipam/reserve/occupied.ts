import { IpamError } from "../errors.ts";
import { isHeldIn, isReservedIn, type NamespaceOf } from "../of-namespace.ts";
import type { Holder, ReservationRecord } from "../records.ts";

/** Who has the address that a reservation wants, or will have it. */
export type Occupant = Holder | ReservationRecord;

/** addressHeld, with whom the message names: it is not everybody's to know. */
export class Occupied extends IpamError {
  readonly occupant: Occupant;

  constructor(occupant: Occupant, message: string, details: string) {
    super("addressHeld", message, details);
    this.occupant = occupant;
  }

  /** Whether a namespace may know whom the message names, as its own pod or reservation. */
  isKnownIn(of: NamespaceOf): boolean {
    const { occupant } = this;
    return "owner" in occupant ? isReservedIn(of, occupant) : isHeldIn(of, occupant);
  }
}
