import { IpamError } from "../../ipam/errors.ts";
import type { NamespaceOf } from "../../ipam/of-namespace.ts";
import { Occupied } from "../../ipam/reserve/occupied.ts";

/**
 * A refusal as a namespace may hear it: where somebody else has an address, or will have it, it hears that it cannot have
 * it, always in the same words, and not who, since when and where.
 */
export function toldTo(of: NamespaceOf, failure: unknown, address: string): unknown {
  if (!(failure instanceof IpamError) || failure.name !== "addressHeld") return failure;
  if (failure instanceof Occupied && failure.isKnownIn(of)) return failure;
  return notAvailable(of.namespace, address);
}

export function notAvailable(namespace: string, address: string): IpamError {
  return new IpamError(
    "addressHeld",
    `address ${address} is not available to namespace '${namespace}'`,
    "choose another address, or ask whoever operates the addresses of this cluster",
  );
}
