import { equalAddresses, formatAddress } from "../../address/address.ts";
import { intervalContains } from "../../address/interval.ts";
import { IpamError } from "../errors.ts";
import type { FixedAddress, Wish } from "../wish.ts";
import type { AnnotatedWish } from "./annotations.ts";

/**
 * Combines what the pod's annotations and the runtime request: equal addresses are one wish,
 * different ones are an error.
 *
 * @throws IpamError invalidConfig naming both.
 */
export function withRequested(
  { fixed, set }: AnnotatedWish,
  requested: readonly FixedAddress[],
): Pick<Wish, "fixed" | "set"> {
  if (requested.length === 0) return { fixed, ...(set && { set }) };
  if (fixed.length > 0) return { fixed: fixed.map((wanted) => mergeInto(wanted, fixed, requested)) };
  const outside =
    set && requested.find(({ address }) => !set.some((interval) => intervalContains(interval, address)));
  if (outside === undefined) return { fixed: requested };
  throw new IpamError(
    "invalidConfig",
    `${text([outside])} is requested, but the annotation kube-ipam.ips does not contain it`,
    "correct the request or the annotation",
  );
}

function mergeInto(
  wanted: FixedAddress,
  fixed: readonly FixedAddress[],
  requested: readonly FixedAddress[],
): FixedAddress {
  const same = requested.find(({ address }) => equalAddresses(address, wanted.address));
  const prefixesDiffer =
    same?.prefix !== undefined && wanted.prefix !== undefined && same.prefix !== wanted.prefix;
  if (same !== undefined && fixed.length === requested.length && !prefixesDiffer)
    return { ...same, ...wanted };
  throw new IpamError(
    "invalidConfig",
    `the pod requests ${text(fixed)}, but also ${text(requested)}`,
    "both name addresses for one interface and they differ: remove one, or make them equal",
  );
}

function text(addresses: readonly FixedAddress[]): string {
  return addresses
    .map(
      ({ address, prefix, source }) =>
        `${formatAddress(address)}${prefix === undefined ? "" : `/${prefix}`} (${source})`,
    )
    .join(", ");
}
