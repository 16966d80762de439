import { type Address, formatAddress } from "../../address/address.ts";
import { refuseNewer } from "../integrity/newer.ts";
import { untilWon } from "../integrity/until-won.ts";
import { isReservedIn } from "../of-namespace.ts";
import type { Ports } from "../ports.ts";
import type { ReservationRecord } from "../records.ts";
import { refTo } from "../ref-to.ts";
import type { CallOptions } from "../store-port.ts";
import { disowning, refuseNewerOwner } from "./ending-reservations.ts";
import type { ReservationScope } from "./reservation-request.ts";
import { readReady } from "./reserve.ts";

/**
 * Ends the reservation of one address, an operator's or an automatic one, and removes the address from
 * its owner's record. A holder of the address keeps it.
 *
 * @returns the reservation that it ended.
 * @throws IpamError storeCannotWrite, tryAgain; StoreFailure.
 */
export function unreserveAddress(
  address: Address,
  { space, namespace }: ReservationScope,
  ports: Ports,
  options: CallOptions,
): Promise<ReservationRecord | "absent"> {
  const text = formatAddress(address);
  let tried: ReservationRecord | undefined;
  return untilWon(`end the reservation of ${text}`, async () => {
    const ref = refTo.reservation(space, address);
    const { snapshot } = await readReady([ref], { space, requireInit: false }, ports, options);
    const reservation = snapshot.get(ref);
    // Absent after an unknown outcome: this call's own commit happened.
    if (reservation === undefined) return tried ?? "absent";
    const of = namespace !== undefined && { namespace, clusterNames: ports.clusterNames };
    if (of && !isReservedIn(of, reservation.record)) return "absent";
    refuseNewer(reservation.record.version, `the reservation of ${text}`);
    const ownerRef = refTo.owner(space, reservation.record.owner);
    const owner = (await ports.store.read({ refs: [ownerRef] }, options)).get(ownerRef);
    if (owner !== undefined) refuseNewerOwner(owner.record);
    tried = reservation.record;
    const left = owner && disowning(ownerRef, owner.record, [text]);
    const outcome = await ports.store.commit(
      {
        guards: [
          { ref, revision: reservation.revision },
          { ref: ownerRef, revision: owner?.revision ?? 0 },
        ],
        puts: left?.puts ?? [],
        deletes: [ref, ...(left?.deletes ?? [])],
      },
      options,
    );
    return outcome.won ? reservation.record : undefined;
  });
}
