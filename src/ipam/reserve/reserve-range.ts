import { formatAddress } from "../../address/address.ts";
import { type Interval, intervalContains, overlaps } from "../../address/interval.ts";
import { formatInterval } from "../../address/interval-text.ts";
import { IpamError } from "../errors.ts";
import { describeOwner } from "../in-words.ts";
import { refuseNewer } from "../integrity/newer.ts";
import { untilWon } from "../integrity/until-won.ts";
import { isReservedIn } from "../of-namespace.ts";
import type { Ports } from "../ports.ts";
import { type Holder, RECORD_VERSION, type ReservedRange, type ReservedRangesRecord } from "../records.ts";
import { refTo } from "../ref-to.ts";
import type { CallOptions, Damage, Versioned } from "../store-port.ts";
import {
  isReservedFor,
  isSettled,
  type NamedCluster,
  operatorReservation,
  type ReservationDone,
  type ReservationScope,
  type ReservationWish,
  requireOwnable,
} from "./reservation-request.ts";
import { readReady, refuseHolders, refuseOther } from "./reserve.ts";
import { intervalOf } from "./reserved-ranges.ts";

/** Every ADD reads the record of all ranges, so it stays small. */
const MOST_RANGES = 256;

/**
 * Reserves a whole range, as one entry of the space's one record, however many addresses it has.
 *
 * Every ADD compares that record (GUARDED), so no ADD after the commit overlooks it. An ADD may come
 * between the read of the range and the commit: a second read finds it, and ends the reservation again.
 *
 * @throws IpamError addressHeld naming holder or owner; invalidConfig for an owner of a kind of ours;
 *   storeCannotWrite (too many ranges), tryAgain; StoreFailure.
 */
export async function reserveRange(
  interval: Interval,
  wish: ReservationWish,
  ports: Ports,
  options: CallOptions,
): Promise<ReservationDone> {
  requireOwnable(wish.owner);
  const created = await untilWon(`reserve ${formatInterval(interval)}`, async () => {
    const ref = refTo.reservedRanges(wish.space);
    const { snapshot, meta } = await readReady([ref], wish, ports, options);
    const present = snapshot.get(ref);
    const ranges = rangesOf(present, wish);
    const same = ranges.find((range) => isSame(range, interval));
    refuseOverlap(interval, wish, ranges, ports);
    await judgeInside(interval, wish, ports, options);
    if (same !== undefined && isSettled(same.reservation, wish)) return { value: false };
    const others = ranges.filter((range) => range !== same);
    const next = [...others, { ...ends(interval), reservation: operatorReservation(wish, ports) }];
    refuseTooMany(next);
    const { guard, puts } = meta;
    const outcome = await ports.store.commit(
      {
        guards: [guard, { ref, revision: present?.revision ?? 0 }],
        puts: [...puts, { ref, record: recordOf(next) }],
        deletes: [],
      },
      options,
    );
    return outcome.won ? { value: true } : undefined;
  });
  const holders = await confirm(interval, wish, created.value, ports, options);
  return { created: created.value, holders };
}

/**
 * Ends the reservation of exactly this range.
 *
 * @returns the range that it ended.
 * @throws IpamError storeCannotWrite, tryAgain; StoreFailure.
 */
export function unreserveRange(
  interval: Interval,
  { space, namespace }: ReservationScope,
  ports: Ports,
  options: CallOptions,
): Promise<ReservedRange | "absent"> {
  let tried: ReservedRange | undefined;
  return untilWon(`end the reservation of ${formatInterval(interval)}`, async () => {
    const ref = refTo.reservedRanges(space);
    const { snapshot } = await readReady([ref], { space, requireInit: false }, ports, options);
    const present = snapshot.get(ref);
    const ranges = rangesOf(present, { space });
    const range = ranges.find((candidate) => isSame(candidate, interval));
    if (present === undefined || range === undefined) return tried ?? "absent";
    const of = namespace !== undefined && { namespace, clusterNames: ports.clusterNames };
    if (of && !isReservedIn(of, range.reservation)) return "absent";
    tried = range;
    const rest = ranges.filter((other) => other !== range);
    const outcome = await ports.store.commit(
      {
        guards: [{ ref, revision: present.revision }],
        puts: rest.length > 0 ? [{ ref, record: recordOf(rest) }] : [],
        deletes: rest.length > 0 ? [] : [ref],
      },
      options,
    );
    return outcome.won ? range : undefined;
  });
}

function rangesOf(
  present: Versioned<ReservedRangesRecord> | undefined,
  { space }: { readonly space: string },
): readonly ReservedRange[] {
  if (present === undefined) return [];
  refuseNewer(present.record.version, `the record of reserved ranges of address space '${space}'`);
  return present.record.ranges;
}

function recordOf(ranges: readonly ReservedRange[]): ReservedRangesRecord {
  return { version: RECORD_VERSION, ranges };
}

/**
 * Ends a range again that it has just created, where an ADD came in between; throws the refusal that
 * names it.
 */
async function confirm(
  interval: Interval,
  wish: ReservationWish,
  created: boolean,
  ports: Ports,
  options: CallOptions,
): Promise<readonly Holder[]> {
  try {
    return await judgeInside(interval, wish, ports, options);
  } catch (refusal) {
    if (created && refusal instanceof IpamError)
      await unreserveRange(interval, { space: wish.space }, ports, options);
    throw refusal;
  }
}

/** The holders of addresses of the range. @throws IpamError addressHeld where another owner has one of them. */
async function judgeInside(
  interval: Interval,
  wish: ReservationWish,
  ports: Ports,
  options: CallOptions,
): Promise<readonly Holder[]> {
  const { space } = wish;
  const span = { space, ...interval };
  const [count] = (await ports.store.read({ counts: [span] }, options)).counts;
  const holders: Holder[] = [];
  // A damaged record hides its holder, so the range is refused (FAIL-CLOSED).
  const damaged = ({ ref, failure }: Damage) => {
    if ("address" in ref && intervalContains(interval, ref.address)) throw failure;
  };
  const past = { ...options, damaged };
  const inside = { space, from: interval.first, to: interval.last };
  if ((count?.reserved ?? 0) > 0) {
    for await (const { ref, record } of ports.store.list({ kind: "reservation", ...inside }, past))
      refuseOther(ref.address, wish, record, ports);
  }
  if ((count?.allocated ?? 0) > 0) {
    for await (const { ref, record } of ports.store.list({ kind: "allocation", ...inside }, past)) {
      refuseHolders(ref.address, wish, record.holders, ports);
      holders.push(...record.holders);
    }
  }
  return holders;
}

function refuseOverlap(
  interval: Interval,
  { owner }: ReservationWish,
  ranges: readonly ReservedRange[],
  ports: NamedCluster,
): void {
  for (const range of ranges) {
    if (!overlaps(intervalOf(range), interval)) continue;
    const theirs = range.reservation.owner;
    if (isSame(range, interval) && isReservedFor(owner, range.reservation, ports)) continue;
    const text = `${range.first}-${range.last}`;
    throw new IpamError(
      "addressHeld",
      `the range ${formatInterval(interval)} overlaps ${text}, which is reserved for ${describeOwner(theirs)}`,
      `end that reservation first: 'kube-ipam ip unreserve ${text}'`,
    );
  }
}

function refuseTooMany(ranges: readonly ReservedRange[]): void {
  if (ranges.length <= MOST_RANGES) return;
  throw new IpamError(
    "storeCannotWrite",
    `an address space can have at most ${MOST_RANGES} reserved ranges, because every ADD reads them`,
    "reserve fewer, larger ranges",
  );
}

function isSame(range: ReservedRange, { first, last }: Interval): boolean {
  return range.first === formatAddress(first) && range.last === formatAddress(last);
}

function ends({ first, last }: Interval): { first: string; last: string } {
  return { first: formatAddress(first), last: formatAddress(last) };
}
