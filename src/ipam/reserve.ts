import { type Address, formatAddress, parseAddress } from "../address/address.ts";
import { type Interval, overlaps } from "../address/interval.ts";
import { withoutAddresses } from "./ending-reservations.ts";
import { IpamError } from "./errors.ts";
import { describeOwner } from "./judge-reservation.ts";
import type { Ports } from "./ports.ts";
import {
  type Owner,
  RECORD_VERSION,
  type ReservationRecord,
  type ReservedRange,
  type Retention,
} from "./records.ts";
import { sameOwner } from "./same.ts";
import type { CallOptions } from "./store-port.ts";

/** Lost races a command puts up with. */
const ATTEMPTS = 20;

export interface ReserveRequest {
  readonly space: string;
  readonly owner: Owner;
  readonly retain: Retention;
  readonly note?: string;
}

/**
 * Reserves one address for an owner, before any pod of it asks. The transaction compares the
 * allocation (GUARDED): an address that somebody else has now is refused.
 *
 * @throws IpamError addressHeld naming who has it or for whom it is reserved.
 */
export async function reserveAddress(
  address: Address,
  request: ReserveRequest,
  ports: Ports,
  options: CallOptions,
): Promise<void> {
  const { space, owner } = request;
  const allocationRef = { kind: "allocation", space, address } as const;
  const reservationRef = { kind: "reservation", space, address } as const;
  const ownerRef = { kind: "owner", space, owner } as const;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const snapshot = await ports.store.read({ refs: [allocationRef, reservationRef, ownerRef] }, options);
    const allocation = snapshot.get(allocationRef);
    const present = snapshot.get(reservationRef);
    if (present !== undefined && !sameOwner(present.record.owner, owner))
      throw reserved(address, present.record);
    for (const { pod, attachment } of allocation?.record.holders ?? []) {
      if (pod?.namespace === owner.namespace) continue;
      throw held(
        address,
        pod === undefined ? `container ${attachment.container}` : `pod ${pod.namespace}/${pod.name}`,
      );
    }
    const known = snapshot.get(ownerRef);
    const text = formatAddress(address);
    const addresses = [...new Set([...(known?.record.addresses ?? []), text])];
    const outcome = await ports.store.commit(
      {
        guards: [
          { ref: allocationRef, revision: allocation?.revision ?? 0 },
          { ref: reservationRef, revision: present?.revision ?? 0 },
          { ref: ownerRef, revision: known?.revision ?? 0 },
        ],
        puts: [
          { ref: reservationRef, record: reservationOf(request, ports) },
          { ref: ownerRef, record: { ...known?.record, version: RECORD_VERSION, owner, addresses } },
        ],
        deletes: [],
      },
      options,
    );
    if (outcome.won) return;
  }
  throw busy();
}

/** Ends the reservation of one address. Answers whether there was one. */
export async function unreserveAddress(
  space: string,
  address: Address,
  ports: Ports,
  options: CallOptions,
): Promise<boolean> {
  const ref = { kind: "reservation", space, address } as const;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const present = (await ports.store.read({ refs: [ref] }, options)).get(ref);
    if (present === undefined) return false;
    const ownerRef = { kind: "owner", space, owner: present.record.owner } as const;
    const owner = (await ports.store.read({ refs: [ownerRef] }, options)).get(ownerRef);
    const text = formatAddress(address);
    const outcome = await ports.store.commit(
      {
        guards: [
          { ref, revision: present.revision },
          { ref: ownerRef, revision: owner?.revision ?? 0 },
        ],
        puts: owner ? [{ ref: ownerRef, record: withoutAddresses(owner.record, [text]) }] : [],
        deletes: [ref],
      },
      options,
    );
    if (outcome.won) return true;
  }
  throw busy();
}

/** Reserves a whole range: one record of the space, however many addresses. Running pods keep theirs. */
export async function reserveRange(
  range: Interval,
  request: ReserveRequest,
  ports: Ports,
  options: CallOptions,
): Promise<void> {
  const entry = {
    first: formatAddress(range.first),
    last: formatAddress(range.last),
    reservation: reservationOf(request, ports),
  };
  await changeRanges(request.space, ports, options, (ranges) => {
    const other = ranges.find((present) => overlaps(range, intervalOf(present)));
    if (other === undefined) return [...ranges, entry];
    throw new IpamError(
      "addressHeld",
      `${entry.first}-${entry.last} overlaps the reserved range ${other.first}-${other.last}`,
      `that one is reserved for ${describeOwner(other.reservation.owner)}; end it first with 'kube-ipam ip unreserve'`,
    );
  });
}

/** Ends the reservation of exactly this range. Answers whether there was one. */
export async function unreserveRange(
  space: string,
  range: Interval,
  ports: Ports,
  options: CallOptions,
): Promise<boolean> {
  const [first, last] = [formatAddress(range.first), formatAddress(range.last)];
  let found = false;
  await changeRanges(space, ports, options, (ranges) => {
    const rest = ranges.filter((present) => present.first !== first || present.last !== last);
    found = rest.length < ranges.length;
    return found ? rest : undefined;
  });
  return found;
}

async function changeRanges(
  space: string,
  ports: Ports,
  options: CallOptions,
  change: (ranges: readonly ReservedRange[]) => readonly ReservedRange[] | undefined,
): Promise<void> {
  const ref = { kind: "reservedRanges", space } as const;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const present = (await ports.store.read({ refs: [ref] }, options)).get(ref);
    const ranges = change(present?.record.ranges ?? []);
    if (ranges === undefined) return;
    const outcome = await ports.store.commit(
      {
        guards: [{ ref, revision: present?.revision ?? 0 }],
        puts: [{ ref, record: { version: RECORD_VERSION, ranges } }],
        deletes: [],
      },
      options,
    );
    if (outcome.won) return;
  }
  throw busy();
}

function reservationOf({ owner, retain, note }: ReserveRequest, ports: Ports): ReservationRecord {
  return {
    version: RECORD_VERSION,
    owner,
    kind: "operator",
    retain,
    ...(ports.clusterUid !== undefined && { cluster: ports.clusterUid }),
    ...(note !== undefined && { note }),
    since: new Date().toISOString(),
  };
}

function intervalOf({ first, last }: ReservedRange): Interval {
  return { first: parseAddress(first), last: parseAddress(last) };
}

function reserved(address: Address, { owner }: ReservationRecord): IpamError {
  return new IpamError(
    "addressHeld",
    `address ${formatAddress(address)} is reserved for ${describeOwner(owner)}`,
    `end that first with 'kube-ipam ip unreserve ${formatAddress(address)}'`,
  );
}

function held(address: Address, holder: string): IpamError {
  return new IpamError(
    "addressHeld",
    `address ${formatAddress(address)} is held by ${holder}`,
    "reserve it once that has ended, or choose another address",
  );
}

function busy(): IpamError {
  return new IpamError("tryAgain", "the record kept changing", "try again");
}
