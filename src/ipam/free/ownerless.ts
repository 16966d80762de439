import { formatAddress } from "../../address/address.ts";
import { isOwnCluster } from "../cluster-relation.ts";
import type { IpamError } from "../errors.ts";
import { doubt } from "../evidence/live-read.ts";
import { pastDamage } from "../integrity/damage.ts";
import { readPast } from "../integrity/read-past.ts";
import type { ClusterPorts } from "../ports.ts";
import type { Owner } from "../records.ts";
import { refKey } from "../ref-key.ts";
import { refTo } from "../ref-to.ts";
import { endReservation } from "../reserve/end-reservation.ts";
import type { CallOptions, Entry } from "../store-port.ts";
import type { Garbage } from "./garbage.ts";

/** Reservations whose allocations are read at once, as many as every store answers. */
const PER_READ = 100;

type Reservation = Entry<"reservation">;

/**
 * Finds automatic reservations that end with their owner, where a live read shows the owner gone and
 * nobody holds the address. Leaves those with a duration to the controller, which watches all the time
 * (NO-CLOCKS). Where an owner cannot be read, its reservation stays; warns of each reason once. Asks once for each
 * owner; `free` asks again.
 *
 * @throws StoreFailure.
 */
export async function* ownerless(ports: ClusterPorts, options: CallOptions): AsyncGenerator<Garbage> {
  const warned = new Set<string>();
  const stay = ({ message, details }: IpamError) => {
    if (!warned.has(message))
      ports.log(
        "warn",
        `${message}: kube-ipam keeps what is reserved for owners that it cannot read; ${details}`,
      );
    warned.add(message);
    return "unknown" as const;
  };
  const states = new Map<string, ReturnType<ClusterPorts["cluster"]["ownerState"]>>();
  const stateOf = (owner: Owner) => {
    const key = JSON.stringify([owner.kind, owner.namespace, owner.name, owner.uid, owner.apiVersion]);
    const known =
      states.get(key) ??
      ports.cluster.ownerState(owner, options.deadline).catch((failure) => stay(doubt(failure)));
    states.set(key, known);
    return known;
  };
  for await (const part of unheldParts(ports, options))
    for (const entry of part)
      if ((await stateOf(entry.record.owner)) === "gone") yield garbageOf(entry, ports, options);
}

function garbageOf(entry: Reservation, ports: ClusterPorts, options: CallOptions): Garbage {
  const { ref, record } = entry;
  const stillOwnerless = async () =>
    (await unheld([entry], ports, options)).length > 0 &&
    (await ports.cluster.ownerState(record.owner, options.deadline)) === "gone";
  return {
    kind: "ownerless reservation",
    space: ref.space,
    addresses: [formatAddress(ref.address)],
    owner: record.owner,
    because: "its owner is gone",
    free: async () => (await stillOwnerless()) && (await endReservation(entry, ports, options)),
  };
}

/** The reservations that end with their owner and whose addresses nobody holds. */
async function* unheldParts(ports: ClusterPorts, options: CallOptions): AsyncGenerator<Reservation[]> {
  let part: Reservation[] = [];
  for await (const entry of ports.store.list({ kind: "reservation" }, pastDamage(options, ports))) {
    if (!endsWithOwner(entry, ports)) continue;
    part.push(entry);
    if (part.length < PER_READ) continue;
    yield unheld(part, ports, options);
    part = [];
  }
  yield unheld(part, ports, options);
}

function endsWithOwner({ record }: Reservation, { clusterNames }: ClusterPorts): boolean {
  const { retain } = record;
  const ends = retain === "workload" || retain === "delete" || retain === 0;
  return ends && record.kind === "automatic" && isOwnCluster(record.cluster, clusterNames);
}

/** An allocation that cannot be read holds its address. */
async function unheld(
  part: readonly Reservation[],
  ports: ClusterPorts,
  options: CallOptions,
): Promise<Reservation[]> {
  const past = pastDamage(options, ports);
  const unread = new Set<string>();
  const refs = part.map(({ ref }) => refTo.allocation(ref.space, ref.address));
  const found = await readPast(refs, ports.store, {
    ...past,
    damaged: (damage) => {
      past.damaged(damage);
      unread.add(refKey(damage.ref));
    },
  });
  return part.filter((_, index) => {
    const ref = refs[index];
    return ref !== undefined && found[index] === undefined && !unread.has(refKey(ref));
  });
}
