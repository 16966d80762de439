import { formatAddress } from "../../address/address.ts";
import { isOwnCluster } from "../cluster-relation.ts";
import { readLive } from "../evidence/live-read.ts";
import { isDamage, orDamaged, pastDamage, warnOfDamage } from "../integrity/damage.ts";
import type { ClusterPorts } from "../ports.ts";
import { type Owner, RECORD_VERSION } from "../records.ts";
import { refTo } from "../ref-to.ts";
import type { CallOptions, Entry } from "../store-port.ts";
import { endReservation, forgetOwner } from "./end-reservation.ts";
import { type OwnerState, type Retained, RetentionWatch, secondsOf } from "./retention-watch.ts";

/** How many allocations are looked up at once. */
const CHUNK = 100;

/** Why a reservation ended. */
export type EndedReason = "pod-gone" | "owner-gone" | "retention-over";

/** A reservation that a round ended. */
export interface EndedReservation {
  readonly entry: Entry<"reservation">;
  readonly reason: EndedReason;
}

/** Where what may end is found; it may yield more than that, as it is in the store now. */
export interface RetentionSource {
  reservations(options: CallOptions): AsyncIterable<Entry<"reservation">>;
  owners(options: CallOptions): AsyncIterable<Entry<"owner">>;
}

function wholeStore(ports: ClusterPorts): RetentionSource {
  return {
    reservations: (options) => ports.store.list({ kind: "reservation" }, pastDamage(options, ports)),
    owners: (options) => ports.store.list({ kind: "owner" }, pastDamage(options, ports)),
  };
}

/**
 * Ends automatic reservations whose retention is over: nobody holds the address, and two live reads of
 * this process, at least the retention apart, found the owner gone. Never touches reservations and
 * ranges of operators, of another cluster, or of newer programs.
 */
export class RetentionKeeper {
  readonly #ports: ClusterPorts;
  readonly #now: () => number;
  readonly #watch: RetentionWatch;
  /** Until when each owner that existed is not read again. */
  readonly #present = new Map<string, number>();
  readonly #presentMs: number;
  readonly #source: RetentionSource;

  /**
   * @param presentMs milliseconds during which an owner that existed is not read again: most owners exist.
   * @param now this process's monotonic clock, in milliseconds.
   * @param source where it finds what to judge; by default in the whole store.
   */
  constructor(
    ports: ClusterPorts,
    presentMs: number,
    now: () => number = () => performance.now(),
    source: RetentionSource = wholeStore(ports),
  ) {
    this.#source = source;
    this.#ports = ports;
    this.#now = now;
    this.#presentMs = presentMs;
    this.#watch = new RetentionWatch(now);
  }

  /** How many owners that existed it remembers. */
  get remembered(): number {
    return this.#present.size;
  }

  /**
   * Judges all reservations once. Leaves those whose owner Kubernetes cannot tell to the next round.
   *
   * @throws StoreFailure, IpamError tryAgain (recovering); what was ended before stays ended.
   */
  async round(options: CallOptions, signal: AbortSignal): Promise<EndedReservation[]> {
    for (const [key, until] of this.#present) if (until <= this.#now()) this.#present.delete(key);
    const ended: EndedReservation[] = [];
    const seen = new Set<string>();
    for (const entry of await this.#unheld(options)) {
      if (signal.aborted) break;
      const item = retainedOf(entry);
      seen.add(item.key);
      const over = this.#watch.observe(item, await this.#stateFor(entry, options));
      const end = () => endReservation(entry, this.#ports, options);
      if (over && (await orDamaged(end, false, this.#ports))) {
        ended.push({ entry, reason: reasonOf(entry) });
        seen.delete(item.key);
      }
    }
    await this.#forgetOwners(seen, options);
    if (!signal.aborted) this.#watch.keepOnly(seen);
    return ended;
  }

  /** Reservations that may end some day, of addresses that nobody holds. */
  async #unheld(options: CallOptions): Promise<Entry<"reservation">[]> {
    const { clusterNames } = this.#ports;
    const candidates: Entry<"reservation">[] = [];
    for await (const entry of this.#source.reservations(options)) {
      const { cluster, kind, retain, version } = entry.record;
      const own = kind === "automatic" && isOwnCluster(cluster, clusterNames);
      const ours = own && version <= RECORD_VERSION;
      if (ours && retain !== "keep") candidates.push(entry);
    }
    const unheld: Entry<"reservation">[] = [];
    for (let from = 0; from < candidates.length; from += CHUNK)
      unheld.push(...(await this.#unheldOf(candidates.slice(from, from + CHUNK), options)));
    return unheld;
  }

  /** A damaged allocation counts as held. */
  async #unheldOf(
    chunk: readonly Entry<"reservation">[],
    options: CallOptions,
  ): Promise<readonly Entry<"reservation">[]> {
    try {
      const refs = chunk.map(({ ref }) => allocationOf(ref));
      const snapshot = await this.#ports.store.read({ refs }, options);
      return chunk.filter(({ ref }) => snapshot.get(allocationOf(ref)) === undefined);
    } catch (failure) {
      if (!isDamage(failure)) throw failure;
      warnOfDamage(failure, this.#ports);
      if (chunk.length === 1) return [];
      const half = Math.ceil(chunk.length / 2);
      const first = await this.#unheldOf(chunk.slice(0, half), options);
      return [...first, ...(await this.#unheldOf(chunk.slice(half), options))];
    }
  }

  /** With `retain: delete` only the pod counts, and it no longer holds the address. */
  async #stateFor({ record }: Entry<"reservation">, options: CallOptions): Promise<OwnerState> {
    return record.retain === "delete" ? "gone" : this.#ownerState(record.owner, options);
  }

  async #ownerState(owner: Owner, options: CallOptions): Promise<OwnerState> {
    const key = JSON.stringify([owner.apiVersion, owner.kind, owner.namespace, owner.name, owner.uid]);
    if ((this.#present.get(key) ?? Number.NEGATIVE_INFINITY) > this.#now()) return "present";
    const { state } = await readLive(this.#ports.cluster.ownerState(owner, options.deadline));
    const known = state === "absent" ? "unknown" : state;
    if (known === "present") this.#present.set(key, this.#now() + this.#presentMs);
    else this.#present.delete(key);
    return known;
  }

  /** Deletes the empty records of owners that are gone; nothing else would. */
  async #forgetOwners(seen: Set<string>, options: CallOptions): Promise<void> {
    for await (const entry of this.#source.owners(options)) {
      const { addresses, owner, version } = entry.record;
      if (addresses.length > 0 || version > RECORD_VERSION) continue;
      const key = JSON.stringify([entry.ref.space, owner]);
      seen.add(key);
      const state = await this.#ownerState(owner, options);
      const over = this.#watch.observe({ key, revision: entry.revision, seconds: 0 }, state);
      if (over && (await forgetOwner(entry, this.#ports, options))) seen.delete(key);
    }
  }
}

type ReservationRef = Entry<"reservation">["ref"];

function allocationOf({ address, space }: ReservationRef) {
  return refTo.allocation(space, address);
}

function retainedOf({ ref, record, revision }: Entry<"reservation">): Retained {
  return { key: `${ref.space} ${formatAddress(ref.address)}`, revision, seconds: secondsOf(record.retain) };
}

function reasonOf({ record: { retain } }: Entry<"reservation">): EndedReason {
  if (retain === "delete") return "pod-gone";
  return retain === "workload" ? "owner-gone" : "retention-over";
}
