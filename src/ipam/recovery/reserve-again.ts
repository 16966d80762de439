import { parseAddress } from "../../address/address.ts";
import { clusterOfRecords } from "../cluster-names.ts";
import { givenTo } from "../commit/owner-record.ts";
import type { ReservedFor } from "../node-port.ts";
import type { Ports } from "../ports.ts";
import { type OwnerRecord, RECORD_VERSION, type ReservationRecord } from "../records.ts";
import { refTo } from "../ref-to.ts";
import type { CallOptions, Guard, Put } from "../store-port.ts";

/**
 * The guards and writes that restore the reservations that an ADD made and the store lost, with the
 * owner's record. An existing reservation stays as it is, whoever owns it.
 */
export async function reserveAgain(
  space: string,
  reservedFor: ReservedFor,
  ports: Ports,
  options: CallOptions,
): Promise<{ readonly guards: readonly Guard[]; readonly puts: readonly Put[] }> {
  const { owner, addresses } = reservedFor;
  const ownerRef = refTo.owner(space, owner);
  const refs = addresses.map((text) => refTo.reservation(space, parseAddress(text)));
  const snapshot = await ports.store.read({ refs: [ownerRef, ...refs] }, options);
  const missing = refs.filter((ref) => snapshot.get(ref) === undefined);
  if (missing.length === 0) return { guards: [], puts: [] };
  const known = snapshot.get(ownerRef);
  return {
    guards: [
      { ref: ownerRef, revision: known?.revision ?? 0 },
      ...missing.map((ref) => ({ ref, revision: 0 })),
    ],
    puts: [
      { ref: ownerRef, record: withAddresses(known?.record, reservedFor) },
      ...missing.map((ref) => ({ ref, record: reservationOf(reservedFor, ports) })),
    ],
  };
}

function reservationOf({ owner, retain }: ReservedFor, ports: Ports): ReservationRecord {
  return {
    version: RECORD_VERSION,
    owner,
    kind: "automatic",
    retain,
    ...clusterOfRecords(ports),
    since: new Date().toISOString(),
  };
}

function withAddresses(known: OwnerRecord | undefined, reserved: ReservedFor): OwnerRecord {
  const { owner, addresses, ordinal, place } = reserved;
  const record = known ?? { version: RECORD_VERSION, owner, addresses: [] };
  const facts = { owner: record.owner, ...(ordinal !== undefined && { ordinal }) };
  return givenTo(record, facts, { addresses, ...(place && { place }) });
}
