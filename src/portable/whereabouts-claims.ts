import { type Address, formatAddress } from "../address/address.ts";
import type { PodId } from "../ipam/records.ts";
import type { LivePods } from "./whereabouts-pods.ts";
import { addressAt, addressesIn, networkNameOf, rangeOf } from "./whereabouts-pool.ts";
import type { WhereaboutsEntry, WhereaboutsPool, WhereaboutsReservation } from "./whereabouts-state.ts";

/** What one object of whereabouts says of one address. */
export interface Claim {
  readonly address: Address;
  /** Absent where `podref` names none. */
  readonly pod?: Pick<PodId, "namespace" | "name">;
  readonly podref?: string;
  readonly container?: string;
  readonly ifname?: string;
  /** For people: "pool 10.1.2.0-24". */
  readonly where: string;
  /** False where only a reservation says it. */
  readonly pooled: boolean;
}

export interface Claims {
  readonly claims: readonly Claim[];
  /** What is left out because it means no address of the network, one line each. */
  readonly remarks: readonly string[];
  /** What may hold an address of the network, and cannot be read, one line each. */
  readonly damages: readonly string[];
}

/** What an entry is read against. */
export interface Scene {
  readonly live: LivePods;
  readonly isWanted: (address: Address) => boolean;
  /** Addresses that no pod shows are left out. */
  readonly skipGone: boolean;
}

/** The claims of a pool. An entry without an address that could be given out stops nothing. */
export function claimsOfPool(pool: WhereaboutsPool, scene: Scene): Claims {
  const where = `pool ${pool.name}`;
  if (pool.damage !== undefined) return { claims: [], remarks: [], damages: [`${where}: ${pool.damage}`] };
  const range = rangeOf(pool);
  if (range === undefined) return ofUnknownRange(pool, where, scene);
  const claims: Claim[] = [];
  const remarks: string[] = [];
  for (const [offset, entry] of Object.entries(pool.allocations)) {
    const pod = podOf(entry);
    const address = addressAt(range, offset, scene.live.shownBy(pod), scene.isWanted);
    if (address === undefined)
      remarks.push(`${where}: '${offset}' is not an offset into ${pool.range}: left out`);
    else claims.push(claimOf(address, entry, where));
  }
  return { claims, remarks, damages: [] };
}

/**
 * The addresses of such a pool are not known. Nothing is given out wrongly where each entry's pod shows what it has,
 * for that is held anyway.
 */
function ofUnknownRange({ allocations, range }: WhereaboutsPool, where: string, scene: Scene): Claims {
  const what = `${where}: its range '${range}' cannot be read`;
  const entries = Object.values(allocations);
  const unknown = entries.filter((entry) => {
    const pod = podOf(entry);
    if (scene.skipGone && scene.live.stateOf(pod) === "gone") return false;
    return scene.live.shownBy(pod).length === 0;
  });
  if (unknown.length === 0) return { claims: [], remarks: [`${what}: left out`], damages: [] };
  const names = unknown.slice(0, NAMED).map((entry) => ownerOf(claimOf(NOWHERE, entry, where)));
  const more = unknown.length > NAMED ? ` and ${unknown.length - NAMED} more` : "";
  const damage = `${what}, so it is not known which addresses are held by ${names.join(", ")}${more}`;
  return { claims: [], remarks: [], damages: [damage] };
}

const NAMED = 5;
const NOWHERE: Address = { family: 4, value: 0n };

/**
 * The claims of reservations: of those in addresses of the network, without those that belong to a pool which is not
 * imported.
 */
export function claimsOfReservations(
  reservations: readonly WhereaboutsReservation[],
  { imported, others }: { readonly imported: readonly WhereaboutsPool[]; readonly others: Others },
  { isWanted }: Scene,
): Claims {
  const own = new Set(imported.map(networkNameOf));
  const foreign = new Set(others.pools.map(networkNameOf).filter((name) => name !== "" && !own.has(name)));
  const remarks: string[] = [];
  const claims = reservations.flatMap((reservation): Claim[] => {
    const readings = addressesIn(reservation.name);
    if (readings.length === 0) remarks.push(`reservation ${reservation.name} names no address: left out`);
    const reading = readings.find(({ address }) => isWanted(address));
    if (reading === undefined || foreign.has(reading.network)) return [];
    const claim = claimOf(reading.address, reservation, `reservation ${reservation.name}`, false);
    return others.claims.some((other) => isSameHolder(other, claim)) ? [] : [claim];
  });
  return { claims, remarks, damages: [] };
}

/** Pools that are not imported. */
export interface Others {
  readonly pools: readonly WhereaboutsPool[];
  readonly claims: readonly Claim[];
}

/** Whether two claims give one address to one pod or container. */
function isSameHolder(a: Claim, b: Claim): boolean {
  if (formatAddress(a.address) !== formatAddress(b.address)) return false;
  return isOf(a, b.pod) || (a.container !== undefined && a.container === b.container);
}

/** Whether a claim names this pod. */
export function isOf({ pod }: Claim, other: Pick<PodId, "namespace" | "name"> | undefined): boolean {
  return pod !== undefined && pod.namespace === other?.namespace && pod.name === other.name;
}

/** Whose the address is by this claim, for people. */
export function ownerOf({ container, pod, podref }: Claim): string {
  const unnamed = podref === undefined ? "no pod is named" : `podref '${podref}' names no pod`;
  if (pod === undefined)
    return container === undefined
      ? `an unknown container (${unnamed})`
      : `container ${container} (${unnamed})`;
  return `pod ${podref} (${container === undefined ? "no container is named" : `container ${container}`})`;
}

function claimOf(address: Address, entry: WhereaboutsEntry, where: string, pooled = true): Claim {
  const { id: container, ifname, podref } = entry;
  const pod = podOf(entry);
  return {
    address,
    where,
    pooled,
    ...(pod !== undefined && { pod }),
    ...(podref !== undefined && { podref }),
    ...(container !== undefined && { container }),
    ...(ifname !== undefined && { ifname }),
  };
}

function podOf({ podref = "" }: WhereaboutsEntry): Claim["pod"] {
  const [, namespace, name] = /^([^/\s]+)\/([^/\s]+)$/.exec(podref) ?? [];
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}
