import { formatAddress } from "../../address/address.ts";
import { describeOwner } from "../in-words.ts";
import { refuseNewer } from "../integrity/newer.ts";
import { OWN_KINDS } from "../own-kinds.ts";
import type { Ports } from "../ports.ts";
import { type AttachmentRecord, type OwnerRecord, RECORD_VERSION, type Ref, type RefOf } from "../records.ts";
import { refKey } from "../ref-key.ts";
import { refTo } from "../ref-to.ts";
import type { CallOptions, Guard, Transaction } from "../store-port.ts";

/**
 * Adds to a transaction that frees an attachment the end of its automatic reservations, where the pod
 * asked for it (`kube-ipam.retain: delete`).
 *
 * @throws StoreFailure.
 */
export async function withReservations(
  freeing: Transaction,
  entry: AttachmentRecord,
  ports: Ports,
  options: CallOptions,
): Promise<Transaction> {
  if (entry.endsReservations !== true) return freeing;
  const refs = freeing.deletes.filter((ref) => ref.kind === "allocation").map(reservationOf);
  const snapshot = await ports.store.read({ refs }, options);
  const guards: Guard[] = [];
  const deletes: Ref[] = [];
  const owners = new Map<string, RefOf<"owner">>();
  for (const ref of refs) {
    const reservation = snapshot.get(ref);
    if (reservation?.record.kind !== "automatic" || reservation.record.retain !== "delete") continue;
    if (reservation.record.version > RECORD_VERSION) continue;
    guards.push({ ref, revision: reservation.revision });
    deletes.push(ref);
    const { owner } = reservation.record;
    const ownerRef = refTo.owner(ref.space, owner);
    owners.set(refKey(ownerRef), ownerRef);
  }
  const disowned = await disown([...owners.values()], deletes, ports, options);
  return {
    guards: [...freeing.guards, ...guards, ...disowned.guards],
    puts: [...freeing.puts, ...disowned.puts],
    deletes: [...freeing.deletes, ...deletes, ...disowned.deletes],
  };
}

function reservationOf({ space, address }: RefOf<"allocation">): RefOf<"reservation"> {
  return refTo.reservation(space, address);
}

async function disown(
  owners: readonly RefOf<"owner">[],
  ended: readonly Ref[],
  ports: Ports,
  options: CallOptions,
): Promise<Transaction> {
  const gone = ended.flatMap((ref) => ("address" in ref ? [formatAddress(ref.address)] : []));
  const snapshot = await ports.store.read({ refs: owners }, options);
  const guards: Guard[] = [];
  const writes: OwnerWrites[] = [];
  for (const ref of owners) {
    const owner = snapshot.get(ref);
    if (owner === undefined || owner.record.version > RECORD_VERSION) continue;
    guards.push({ ref, revision: owner.revision });
    writes.push(disowning(ref, owner.record, gone));
  }
  return {
    guards,
    puts: writes.flatMap(({ puts }) => puts),
    deletes: writes.flatMap(({ deletes }) => deletes),
  };
}

/** @throws IpamError storeCannotWrite where a newer program wrote an owner's record. */
export function refuseNewerOwner({ version, owner }: OwnerRecord): void {
  refuseNewer(version, `the record of owner ${describeOwner(owner)}`);
}

type OwnerWrites = Pick<Transaction, "puts" | "deletes">;

/**
 * The writes that remove addresses from an owner's record, and delete an empty one. The caller guards
 * the record. A record of a kind of ours stays: no reservation made it, also where one is for an owner of that name.
 */
export function disowning(ref: RefOf<"owner">, record: OwnerRecord, gone: readonly string[]): OwnerWrites {
  if (OWN_KINDS.has(record.owner.kind)) return { puts: [], deletes: [] };
  const rest = withoutAddresses(record, gone);
  const holdsNothing = rest.addresses.length === 0 && Object.keys(rest.slots ?? {}).length === 0;
  return holdsNothing ? { puts: [], deletes: [ref] } : { puts: [{ ref, record: rest }], deletes: [] };
}

/** The owner's record without some addresses, in its list, its slots and its places. */
export function withoutAddresses(record: OwnerRecord, gone: readonly string[]): OwnerRecord {
  const left = (addresses: readonly string[]) => addresses.filter((text) => !gone.includes(text));
  const slots = Object.entries(record.slots ?? {}).flatMap(([key, addresses]): [string, string[]][] => {
    const rest = left(addresses);
    return rest.length === 0 ? [] : [[key, rest]];
  });
  const places = Object.entries(record.places ?? {}).filter(([text]) => !gone.includes(text));
  return {
    ...record,
    addresses: left(record.addresses),
    ...(record.slots && { slots: Object.fromEntries(slots) }),
    ...(record.places && { places: Object.fromEntries(places) }),
  };
}
