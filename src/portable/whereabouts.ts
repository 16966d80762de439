import { type Address, compareAddresses, formatAddress, parseAddress } from "../address/address.ts";
import { type Cidr, cidrInterval } from "../address/cidr.ts";
import { isWithin } from "../address/interval.ts";
import type { ForeignLease } from "./foreign-leases.ts";
import { type Claim, claimsOfPool, claimsOfReservations, type Scene } from "./whereabouts-claims.ts";
import type { Settled } from "./whereabouts-known.ts";
import { livePods } from "./whereabouts-pods.ts";
import { rangeOf } from "./whereabouts-pool.ts";
import { settle } from "./whereabouts-settle.ts";
import type { WhereaboutsPool, WhereaboutsState } from "./whereabouts-state.ts";

export interface Reading {
  /** The interface of a pod's own addresses (podIPs) where no entry names it. */
  readonly ifname: string;
  /** Leave out addresses that no pod shows; else they are held for a node that is not known. */
  readonly skipGone: boolean;
  /** Only addresses that pods have from this NetworkAttachmentDefinition ("namespace/name"). */
  readonly definition?: string;
  /** The subnets of the network that imports, beside the ranges of its pools. */
  readonly subnets?: readonly Cidr[];
  /** Pools of other networks. */
  readonly others?: readonly WhereaboutsPool[];
}

export interface WhereaboutsLeases {
  readonly leases: readonly ForeignLease[];
  /** One line each, for people. */
  readonly remarks: readonly string[];
  /** One line each, for people. If there is any, nothing must be imported. */
  readonly conflicts: readonly string[];
  /** The networks through which pods show addresses, as Multus names them. */
  readonly shown: readonly string[];
  /** Pods whose sandbox is being created: their status does not show addresses yet. */
  readonly starting: readonly string[];
}

/**
 * Reads which container has which address of one network: what living pods show, in a pool or not, and what pools and
 * reservations hold. Each such address comes as a lease, or a line says why not. The node comes from the pod, if its
 * status shows that address; a pod that was recreated under its name shows another one, and then the node is not known.
 */
export function readWhereabouts(state: WhereaboutsState, reading: Reading): WhereaboutsLeases {
  const { others = [], subnets = [], ...rest } = reading;
  const wanted = [...subnets, ...state.pools.flatMap((pool) => rangeOf(pool) ?? [])].map(cidrInterval);
  const isWanted = (address: Address) => isWithin(address, wanted);
  const live = livePods(state.pods, isWanted);
  const scene: Scene = { live, isWanted, skipGone: reading.skipGone };
  const ofOthers = others.flatMap((pool) => claimsOfPool(pool, scene).claims);
  const read = [
    ...state.pools.map((pool) => claimsOfPool(pool, scene)),
    claimsOfReservations(
      state.reservations,
      { imported: state.pools, others: { pools: others, claims: ofOthers } },
      scene,
    ),
  ];
  const claims = byAddress(read.flatMap((each) => each.claims));
  const claimsOfOthers = byAddress(ofOthers);
  const addresses = [...new Set([...claims.keys(), ...live.places.keys()])].map(parseAddress);
  const settled = addresses.sort(compareAddresses).map((address): Settled => {
    const text = formatAddress(address);
    return settle(
      {
        address,
        claims: claims.get(text) ?? [],
        others: claimsOfOthers.get(text) ?? [],
        places: live.places.get(text) ?? [],
      },
      { ...scene, ...rest },
    );
  });
  return {
    leases: settled.flatMap(({ leases }) => leases ?? []),
    remarks: [
      ...read.flatMap(({ remarks }) => remarks),
      ...live.unreadable.map(
        (pod) => `the network-status of pod ${pod} cannot be read: what it shows is not known`,
      ),
      ...settled.flatMap(({ remarks }) => remarks),
    ],
    conflicts: [
      ...(state.damages ?? []),
      ...read.flatMap(({ damages }) => damages),
      ...settled.flatMap(({ conflict }) => conflict ?? []),
    ],
    shown: [...new Set([...live.places.values()].flat().flatMap(({ network: of }) => of ?? []))].sort(),
    starting: [...new Set(settled.flatMap(({ starting }) => starting ?? []))],
  };
}

function byAddress(claims: readonly Claim[]): ReadonlyMap<string, readonly Claim[]> {
  return Map.groupBy(claims, ({ address }) => formatAddress(address));
}
