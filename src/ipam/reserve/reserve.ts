import { type Address, formatAddress } from "../../address/address.ts";
import { describeHolderFully, describeOwner } from "../in-words.ts";
import { newIdentity, recallStore } from "../integrity/identity.ts";
import { refuseNewer } from "../integrity/newer.ts";
import { requireReady, verifyStore } from "../integrity/one-store.ts";
import { untilWon } from "../integrity/until-won.ts";
import { NOTE_KIND } from "../own-kinds.ts";
import type { Ports } from "../ports.ts";
import {
  type Holder,
  type MetaRecord,
  type OwnerRecord,
  RECORD_VERSION,
  type Ref,
  type ReservationRecord,
  type ReservedRangesRecord,
} from "../records.ts";
import { refTo } from "../ref-to.ts";
import type { CallOptions, Guard, Put, Snapshot, Versioned } from "../store-port.ts";
import { refuseNewerOwner } from "./ending-reservations.ts";
import { Occupied } from "./occupied.ts";
import {
  holdsForOwner,
  isReservedFor,
  isSettled,
  type NamedCluster,
  operatorReservation,
  type ReservationDone,
  type ReservationWish,
  requireOwnable,
} from "./reservation-request.ts";
import { reservedRangesAt } from "./reserved-ranges.ts";
import { claimShare } from "./share.ts";

/**
 * Reserves one address for an owner, which need not have a pod yet. The transaction compares the
 * allocation, the reservation, the reserved ranges and the owner's record as they were judged (GUARDED).
 *
 * @throws IpamError addressHeld (Occupied) naming holder or owner; noFreeAddress where the share is used up;
 *   invalidConfig for an owner of a kind of ours; storeCannotWrite, tryAgain (ONE-STORE); StoreFailure.
 */
export async function reserveAddress(
  address: Address,
  wish: ReservationWish,
  ports: Ports,
  options: CallOptions,
): Promise<ReservationDone> {
  requireOwnable(wish.owner);
  return untilWon(`reserve ${formatAddress(address)}`, async () => {
    const refs = refsOf(address, wish);
    const { snapshot, meta } = await readReady(Object.values(refs), wish, ports, options);
    const allocation = snapshot.get(refs.allocation);
    const reservation = snapshot.get(refs.reservation);
    const ranges = snapshot.get(refs.ranges);
    const holders = allocation?.record.holders ?? [];
    refuseRange(address, wish, ranges?.record, ports);
    if (reservation !== undefined) refuseOther(address, wish, reservation.record, ports);
    refuseHolders(address, wish, holders, ports);
    if (reservation !== undefined && isSettled(reservation.record, wish)) return { created: false, holders };
    const owned = ownedBy(address, wish, refs, snapshot);
    const share = wish.share && (await claimShare(wish.share, [formatAddress(address)], ports, options));
    const outcome = await ports.store.commit(
      {
        guards: [
          meta.guard,
          { ref: refs.allocation, revision: allocation?.revision ?? 0 },
          { ref: refs.reservation, revision: reservation?.revision ?? 0 },
          { ref: refs.ranges, revision: ranges?.revision ?? 0 },
          ...owned.guards,
          ...(share?.guards ?? []),
        ],
        puts: [
          ...meta.puts,
          { ref: refs.reservation, record: operatorReservation(wish, ports) },
          ...owned.puts,
          ...(share?.puts ?? []),
        ],
        deletes: [],
      },
      options,
    );
    return outcome.won ? { created: true, holders } : undefined;
  });
}

/**
 * Reads records together with the store's identity, and checks the identity as an ADD does.
 *
 * @returns the records, and what the caller's transaction must guard and write of the identity.
 * @throws IpamError storeCannotWrite, tryAgain (ONE-STORE); StoreFailure.
 */
export async function readReady(
  refs: readonly Ref[],
  { space, requireInit }: Pick<ReservationWish, "space" | "requireInit">,
  ports: Ports,
  options: CallOptions,
): Promise<{ snapshot: Snapshot; meta: { guard: Guard; puts: Put[] } }> {
  const remembered = recallStore(space, ports);
  const snapshot = await ports.store.read({ refs: [refTo.meta, ...refs] }, options);
  const meta = verifyStore(snapshot, remembered, space, ports);
  requireReady(meta, requireInit);
  return { snapshot, meta: identity(meta) };
}

function identity(meta: Versioned<MetaRecord> | undefined): { guard: Guard; puts: Put[] } {
  const guard = { ref: refTo.meta, revision: meta?.revision ?? 0 };
  return { guard, puts: meta === undefined ? [{ ref: refTo.meta, record: newIdentity() }] : [] };
}

function refsOf(address: Address, { space, owner }: ReservationWish) {
  return {
    allocation: refTo.allocation(space, address),
    reservation: refTo.reservation(space, address),
    ranges: refTo.reservedRanges(space),
    owner: refTo.owner(space, owner),
  } as const;
}

function refuseRange(
  address: Address,
  { owner }: ReservationWish,
  ranges: ReservedRangesRecord | undefined,
  ports: NamedCluster,
): void {
  const within = reservedRangesAt(ranges, address).find(
    ({ reservation }) => !isReservedFor(owner, reservation, ports),
  );
  if (within === undefined) return;
  throw new Occupied(
    within.reservation,
    `address ${formatAddress(address)} lies in the range ${within.first}-${within.last}, reserved for ${describeOwner(within.reservation.owner)}`,
    `end that reservation first: 'kube-ipam ip unreserve ${within.first}-${within.last}'`,
  );
}

/** @throws Occupied where the reservation has another owner, or one of that name in another cluster. */
export function refuseOther(
  address: Address,
  { owner }: ReservationWish,
  present: ReservationRecord,
  ports: NamedCluster,
): void {
  const text = formatAddress(address);
  refuseNewer(present.version, `the reservation of ${text}`);
  if (isReservedFor(owner, present, ports)) return;
  throw new Occupied(
    present,
    `address ${text} is reserved for ${describeOwner(present.owner)}`,
    `end that reservation first: 'kube-ipam ip unreserve ${text}'`,
  );
}

/** @throws Occupied where somebody else than the owner holds the address. */
export function refuseHolders(
  address: Address,
  wish: ReservationWish,
  holders: readonly Holder[],
  ports: NamedCluster,
): void {
  const other = holders.find((holder) => !holdsForOwner(holder, wish.owner, ports));
  if (other === undefined || wish.evenIfHeld) return;
  throw new Occupied(
    other,
    `address ${formatAddress(address)} is held by ${describeHolderFully(other)}`,
    "reserve another address, stop that container first, or add --even-if-held: the holder then keeps the address until it ends",
  );
}

/** An owner's record lists its addresses, so that its sticky pods find them; a remark has none. */
function ownedBy(
  address: Address,
  { owner }: ReservationWish,
  refs: ReturnType<typeof refsOf>,
  snapshot: Snapshot,
): { guards: Guard[]; puts: Put[] } {
  if (owner.kind === NOTE_KIND) return { guards: [], puts: [] };
  const current = snapshot.get(refs.owner);
  const text = formatAddress(address);
  if (current !== undefined) refuseNewerOwner(current.record);
  const known = current?.record.addresses ?? [];
  const guards: Guard[] = [{ ref: refs.owner, revision: current?.revision ?? 0 }];
  if (known.includes(text)) return { guards, puts: [] };
  const base: OwnerRecord = current?.record ?? { version: RECORD_VERSION, owner, addresses: [] };
  return { guards, puts: [{ ref: refs.owner, record: { ...base, addresses: [...known, text] } }] };
}
