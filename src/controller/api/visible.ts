import type { AddressStatus } from "../../operator/address-status.ts";

/**
 * The part of an address's status that one Kubernetes namespace may see: what its own pods hold, and
 * what is reserved for them and their workloads. Undefined where it may see nothing.
 */
export function visibleIn(namespace: string, status: AddressStatus): AddressStatus | undefined {
  const holders = status.allocation?.holders.filter(({ pod }) => pod?.namespace === namespace) ?? [];
  const reserved = status.reservation?.owner.namespace === namespace;
  const inRange = status.reservedRange?.reservation.owner.namespace === namespace;
  if (holders.length === 0 && !reserved && !inRange) return undefined;
  const { address, space, allocation, reservation, reservedRange } = status;
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
