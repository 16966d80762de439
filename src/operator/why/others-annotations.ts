import type { Annotations } from "../../ipam/wish/annotation.ts";
import { isMeantForUs } from "../../ipam/wish/annotation-keys.ts";

/** By which other IPAM plugins give a pod the addresses that it names. */
const FIXED_ADDRESSES: readonly string[] = [
  "cni.projectcalico.org/ipAddrs",
  "cni.projectcalico.org/ipAddrsNoIpam",
  "ovn.kubernetes.io/ip_address",
  "ovn.kubernetes.io/ip_pool",
  "ipam.spidernet.io/ippool",
  "ipam.spidernet.io/ippools",
];

/**
 * The annotations that name addresses to another IPAM plugin, of a pod that asks nothing of ours: left
 * from before a migration, or right, for another interface.
 */
export function othersAnnotations(annotations: Annotations): string[] {
  const keys = Object.keys(annotations);
  return keys.some(isMeantForUs) ? [] : keys.filter((key) => FIXED_ADDRESSES.includes(key));
}
