import type { Sight } from "../../operator/address-status.ts";

/**
 * What of an address one Kubernetes namespace may see: its own pods' holds, and what is reserved for its
 * own. Undefined where nothing of it is theirs.
 */
export function visibleIn(namespace: string, sight: Sight): Sight | undefined {
  const holders = sight.allocation?.holders.filter(({ pod }) => pod?.namespace === namespace) ?? [];
  const reserved = sight.reservation?.owner.namespace === namespace;
  const inRange = sight.reservedRange?.reservation.owner.namespace === namespace;
  if (holders.length === 0 && !reserved && !inRange) return undefined;
  const { address, space, allocation, reservation, reservedRange } = sight;
  return {
    address,
    space,
    state: holders.length > 0 ? "allocated" : "reserved",
    ...(allocation && holders.length > 0 && { allocation: { ...allocation, holders } }),
    ...(reservation && reserved && { reservation }),
    ...(reservedRange && inRange && { reservedRange }),
    cooling: false,
  };
}
