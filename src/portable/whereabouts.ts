import { type Address, formatAddress, offsetAddress, tryParseAddress } from "../address/address.ts";
import { type Cidr, cidrContains, tryParseCidr } from "../address/cidr.ts";
import type { PodFacts } from "../ipam/cluster-port.ts";
import { shownAddresses } from "../ipam/evidence/network-status.ts";
import type { ForeignLease } from "./foreign-leases.ts";

/** Whereabouts' IPPool (whereabouts.cni.cncf.io/v1alpha1), as far as it is read. */
export interface WhereaboutsPool {
  readonly name: string;
  /** As written; offsets count from its address. */
  readonly range: string;
  readonly allocations: Readonly<Record<string, WhereaboutsAllocation>>;
}

export interface WhereaboutsAllocation {
  readonly id: string;
  readonly podref: string;
  readonly ifname?: string;
}

/** Whereabouts' OverlappingRangeIPReservation: the address stands in its name. */
export interface WhereaboutsReservation {
  readonly name: string;
  readonly podref: string;
  readonly ifname?: string;
}

export interface WhereaboutsState {
  readonly pools: readonly WhereaboutsPool[];
  readonly reservations: readonly WhereaboutsReservation[];
  readonly pods: readonly PodFacts[];
}

export interface Reading {
  /** The interface of allocations of old releases, which do not tell it. */
  readonly ifname: string;
  /** Leave out allocations without a pod; else they are held for a node that is not known. */
  readonly skipGone: boolean;
  /** Only addresses that pods have from this NetworkAttachmentDefinition ("namespace/name"). */
  readonly definition?: string;
}

/** The node of a container whose pod is gone: no DEL ever comes from it. */
export const UNKNOWN_NODE = "(unknown)";

export interface WhereaboutsLeases {
  readonly leases: readonly ForeignLease[];
  /** One line each, for people. */
  readonly remarks: readonly string[];
  /** Pods whose sandbox is being created: their status does not show addresses yet. */
  readonly starting: readonly string[];
}

/**
 * Reads which container has which address from whereabouts' pools. The node comes from the pod, if its status
 * shows that address; a pod that was recreated under its name shows another one, and then the node is not
 * known.
 */
export function readWhereabouts(state: WhereaboutsState, reading: Reading): WhereaboutsLeases {
  const pods = new Map(state.pods.map((pod) => [`${pod.namespace}/${pod.name}`, pod]));
  const leases: ForeignLease[] = [];
  const remarks: string[] = [];
  const starting = new Set<string>();
  for (const pool of state.pools) {
    for (const [offset, allocation] of Object.entries(pool.allocations)) {
      const address = addressAt(pool, offset);
      if (address === undefined) {
        remarks.push(`pool ${pool.name}: '${offset}' is not an offset into ${pool.range}: left out`);
        continue;
      }
      const pod = pods.get(allocation.podref);
      if (pod !== undefined && isStarting(pod)) starting.add(allocation.podref);
      const read = leaseOf(address, allocation, pod, reading);
      if (typeof read !== "string") leases.push(read);
      if (typeof read === "string" || read.pod?.uid === undefined)
        remarks.push(remarkOf(address, allocation, read));
    }
  }
  return { leases, remarks: [...remarks, ...unpooled(state, leases)], starting: [...starting] };
}

function isStarting(pod: PodFacts): boolean {
  return !pod.finished && pod.hostNetwork !== true && shownAddresses(pod).length === 0;
}

/** The pool's range as a value, host bits included: offsets count from its address. Undefined for other text. */
export function rangeOf({ range }: Pick<WhereaboutsPool, "range">): Cidr | undefined {
  return tryParseCidr(range);
}

function addressAt(pool: WhereaboutsPool, offset: string): Address | undefined {
  const range = rangeOf(pool);
  if (range === undefined || !/^\d+$/.test(offset)) return undefined;
  const address = offsetAddress(range.address, BigInt(offset));
  // What lies beyond would be another network's.
  return cidrContains(range, address) ? address : undefined;
}

function leaseOf(
  address: Address,
  { id: container, ifname: given, podref }: WhereaboutsAllocation,
  pod: PodFacts | undefined,
  { definition, ifname: fallback, skipGone }: Reading,
): ForeignLease | "elsewhere" | "left out" {
  const [namespace = "", name = ""] = podref.split("/");
  const ifname = given || fallback;
  const shown = pod && shownAddresses(pod).find(({ text }) => text === formatAddress(address));
  if (pod !== undefined && shown !== undefined && pod.nodeName !== undefined && !pod.finished) {
    if (definition !== undefined && shown.network !== definition) return "elsewhere";
    const { nodeName: node, uid } = pod;
    return { address, container, ifname, node, pod: { namespace, name, uid }, nodeVerified: true };
  }
  if (skipGone || definition !== undefined) return "left out";
  return { address, container, ifname, node: UNKNOWN_NODE, pod: { namespace, name } };
}

function remarkOf(
  address: Address,
  { id, podref }: WhereaboutsAllocation,
  read: ReturnType<typeof leaseOf>,
): string {
  const what = `${formatAddress(address)} of pod ${podref} (container ${id})`;
  if (read === "elsewhere") return `${what} comes from another definition: left out`;
  if (read === "left out") return `${what}: no pod of that name shows it: left out`;
  return (
    `${what}: no pod of that name shows it, so it stays held until an operator releases it: ` +
    `'kube-ipam ip release --force ${formatAddress(address)}', once its container is certainly gone`
  );
}

/** Reservations that no pool knows are leftovers of whereabouts' own making. */
function unpooled({ reservations, pools }: WhereaboutsState, leases: readonly ForeignLease[]): string[] {
  const pooled = new Set(leases.map(({ address }) => formatAddress(address)));
  const left = reservations.filter((reservation) => {
    const address = addressIn(reservation.name);
    const ofPools = address !== undefined && pools.some((pool) => isWithin(pool, address));
    return ofPools && !pooled.has(formatAddress(address));
  });
  return left.map(({ name, podref }) => `reservation ${name} of pod ${podref} is in no pool: left out`);
}

/** "10.1.2.3", "fd00--1", each perhaps behind "network-". */
function addressIn(name: string): Address | undefined {
  const v4 = tryParseAddress(name.slice(name.lastIndexOf("-") + 1));
  if (v4?.family === 4) return v4;
  const parts = name.split("-");
  for (let from = 0; from < parts.length; from++) {
    const address = tryParseAddress(parts.slice(from).join(":"));
    if (address !== undefined) return address;
  }
  return undefined;
}

function isWithin(pool: WhereaboutsPool, address: Address): boolean {
  const range = rangeOf(pool);
  return range !== undefined && cidrContains(range, address);
}
