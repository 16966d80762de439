import { formatAddress } from "../../address/address.ts";
import { type Interval, isWithin } from "../../address/interval.ts";
import { type RangeSet, setsWithSubnetFor, setsWithSubnetOf } from "../../address/range.ts";
import { IpamError } from "../errors.ts";
import type { FixedAddress, Wish } from "../wish.ts";
import type { AnnotatedWish } from "./annotations.ts";
import { apportion } from "./apportion.ts";
import { fillSets } from "./fill-sets.ts";

/**
 * Combines what the pod's annotations and the runtime request. Each fills the range sets that the other
 * does not name; for one set, equal addresses are one wish, and different ones are an error.
 *
 * @throws IpamError invalidConfig naming both.
 */
export function withRequested(
  { fixed, set }: Pick<AnnotatedWish, "fixed" | "set">,
  requested: readonly FixedAddress[],
  sets: readonly RangeSet[],
): Pick<Wish, "fixed" | "set"> {
  const { given, overridden } = fillSets(sets, [fixed, requested]);
  if (overridden.length > 0) throw differing(fixed, overridden);
  if (set !== undefined) requireInSet(requested, set, sets);
  const byText = new Map(requested.map((each) => [formatAddress(each.address), each] as const).reverse());
  return {
    fixed: given.map((wanted) => merged(wanted, byText.get(formatAddress(wanted.address)))),
    ...(set && { set }),
  };
}

function merged(wanted: FixedAddress, same: FixedAddress | undefined): FixedAddress {
  if (same === undefined || same === wanted) return wanted;
  if (same.prefix !== undefined && wanted.prefix !== undefined && same.prefix !== wanted.prefix)
    throw differing([wanted], [same]);
  return { ...same, ...wanted };
}

function differing(fixed: readonly FixedAddress[], requested: readonly FixedAddress[]): IpamError {
  return new IpamError(
    "invalidConfig",
    `the pod requests ${text(fixed)}, but also ${text(requested)}`,
    "both name addresses for one interface and they differ: remove one, or make them equal",
  );
}

/** A request picks one of the annotation's list, or speaks of a range set that the list says nothing of. */
function requireInSet(
  requested: readonly FixedAddress[],
  list: readonly Interval[],
  sets: readonly RangeSet[],
): void {
  const listed = new Set(list.flatMap((interval) => setsWithSubnetFor(sets, interval)));
  const beside = requested.filter(
    ({ address }) => setsWithSubnetOf(sets, address).length > 0 && !isWithin(address, list),
  );
  const others = sets.filter((each) => !listed.has(each));
  const [outside] = apportion(others, beside).left;
  if (outside === undefined) return;
  throw new IpamError(
    "invalidConfig",
    `${text([outside])} is requested, but the annotation kube-ipam.ips does not contain it`,
    "correct the request or the annotation",
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
