import { rangeAmong } from "../../address/range.ts";
import type { IpamError } from "../../ipam/errors.ts";
import { requireRangesGateway } from "../../ipam/wish/fixed-address-parts.ts";
import { type Finding, warn } from "./finding.ts";
import { type KnownNetwork, networksFor } from "./known-networks.ts";
import { refusalIn } from "./refusal-in.ts";
import type { NamedAddress, Wishes } from "./wishes.ts";

/**
 * Prefix lengths that leave the network's gateway out of reach, by the judgement that an ADD makes, in
 * every network that may be meant. Only a warning: a network may have another gateway by now.
 */
export function judgeGateways({ fixed }: Wishes, known: readonly KnownNetwork[]): Finding[] {
  return fixed.flatMap((named) => {
    const refusals = networksFor(named.address, named.suffix, known).map((each) => refusalOf(named, each));
    const [first] = refusals;
    if (first === undefined || refusals.includes(undefined)) return [];
    return [warn(`${first.message}: ${first.details}, or the pod will not start`)];
  });
}

function refusalOf(named: NamedAddress, { sets }: KnownNetwork): IpamError | undefined {
  const range = rangeAmong(sets, named.address);
  return range && refusalIn(() => requireRangesGateway(named, range));
}
