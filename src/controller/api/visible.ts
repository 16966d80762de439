import { isHeldIn, isReservedIn, type NamespaceOf } from "../../ipam/of-namespace.ts";
import type { AddressStatus } from "../../operator/address-status.ts";

/**
 * The part of an address's status that one Kubernetes namespace may see: what its own pods hold, and
 * what is reserved for them and their workloads. Undefined where it may see nothing.
 */
export function visibleIn(of: NamespaceOf, status: AddressStatus): AddressStatus | undefined {
  const holders = status.allocation?.holders.filter((holder) => isHeldIn(of, holder)) ?? [];
  const reserved = status.reservation !== undefined && isReservedIn(of, status.reservation);
  const range = status.reservedRange?.reservation;
  const inRange = range !== undefined && isReservedIn(of, range);
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
