import { formatAddress } from "../../address/address.ts";
import type { Ports } from "../ports.ts";
import { RECORD_VERSION } from "../records.ts";
import { refTo } from "../ref-to.ts";
import { sameOwner } from "../same.ts";
import type { CallOptions, Entry, Guard } from "../store-port.ts";
import { disowning } from "./ending-reservations.ts";
import { readReady } from "./reserve.ts";

/**
 * Ends an automatic reservation as it was judged, and removes the address from its owner's record. Only
 * while nobody holds the address, and only if nobody has changed the records since (GUARDED).
 *
 * @returns false when another process was quicker, or somebody holds the address: judge it again.
 * @throws StoreFailure, after which nothing is known to have ended; IpamError tryAgain while the store
 *   is being recovered.
 */
export async function endReservation(
  { ref, record, revision }: Entry<"reservation">,
  ports: Ports,
  options: CallOptions,
): Promise<boolean> {
  const { address, space } = ref;
  const allocation = refTo.allocation(space, address);
  const ownerRef = refTo.owner(space, record.owner);
  const { meta, snapshot } = await readReady(
    [allocation, ownerRef],
    { space, requireInit: false },
    ports,
    options,
  );
  if (snapshot.get(allocation) !== undefined) return false;
  const owner = snapshot.get(ownerRef);
  if (owner !== undefined && owner.record.version > RECORD_VERSION) return false;
  const guards: Guard[] = [
    meta.guard,
    { ref, revision },
    { ref: allocation, revision: 0 },
    { ref: ownerRef, revision: owner?.revision ?? 0 },
  ];
  // A new workload of the same name has its own record, which keeps its addresses.
  const own = owner !== undefined && sameOwner(owner.record.owner, record.owner);
  const left = own ? disowning(ownerRef, owner.record, [formatAddress(address)]) : undefined;
  const transaction = { guards, puts: left?.puts ?? [], deletes: [ref, ...(left?.deletes ?? [])] };
  return (await ports.store.commit(transaction, options)).won;
}

/**
 * Deletes the record of an owner that has no addresses, at the revision that was judged.
 *
 * @returns false when another process was quicker.
 * @throws StoreFailure.
 */
export async function forgetOwner(
  { ref, revision }: Entry<"owner">,
  ports: Ports,
  options: CallOptions,
): Promise<boolean> {
  const transaction = { guards: [{ ref, revision }], puts: [], deletes: [ref] };
  return (await ports.store.commit(transaction, options)).won;
}
