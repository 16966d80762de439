import type { Address } from "../address/address.ts";
import { podName } from "../ipam/in-words.ts";
import { UNKNOWN } from "../ipam/unknown-holder.ts";
import type { ForeignLease } from "./foreign-leases.ts";
import { type Claim, isOf, type Scene } from "./whereabouts-claims.ts";
import type { Place } from "./whereabouts-pods.ts";

/** All that is known of one address. */
export interface Known {
  readonly address: Address;
  /** Of the pools that are imported, then of reservations. */
  readonly claims: readonly Claim[];
  /** Of pools that are not imported. */
  readonly others: readonly Claim[];
  /** Living pods' interfaces that show it. */
  readonly places: readonly Place[];
}

/** What becomes of one address: it is held, or a line says why not. */
export interface Settled {
  /** Several where several show it: the address is free when the last of them has ended. */
  readonly leases?: readonly ForeignLease[];
  readonly remarks: readonly string[];
  /** Why nothing may be imported. */
  readonly conflict?: string;
  /** Pods that start, and may have the address. */
  readonly starting?: readonly string[];
}

export interface Settling extends Scene {
  /** The interface of a pod's own addresses (podIPs) where no entry names it. */
  readonly ifname: string;
  /** Only addresses that pods have from this NetworkAttachmentDefinition ("namespace/name"). */
  readonly definition?: string;
}

/** "pod default/a (interface net1 of default/lan on node n1; pool lan: pod default/a (container c))" */
export function inFull({ ifname, network, pod }: Place, claims: readonly Claim[]): string {
  const where = `${ifname === undefined ? "" : `interface ${ifname} `}${network === undefined ? "" : `of ${network} `}`;
  const own = claims.filter((claim) => isOf(claim, pod));
  const said = own.map(
    ({ container, where: place }) => `${place}${container === undefined ? "" : `, container ${container}`}`,
  );
  return `pod ${podName(pod)} (${[`${where}on node ${pod.nodeName ?? UNKNOWN}`, ...said].join("; ")})`;
}

/** Whether a claim says what the chosen one says. */
export function isSame(claim: Claim, chosen: Claim | undefined): boolean {
  if (chosen === undefined || claim.container !== chosen.container) return false;
  if (chosen.pod !== undefined) return isOf(claim, chosen.pod);
  return claim.pod === undefined && claim.container !== undefined;
}
