import { type Address, formatAddress } from "../address/address.ts";
import { podName } from "../ipam/in-words.ts";
import { UNKNOWN } from "../ipam/unknown-holder.ts";
import { type ForeignLease, unknownInterface } from "./foreign-leases.ts";
import { type Claim, isOf, ownerOf } from "./whereabouts-claims.ts";
import { isSame, type Known, type Settled, type Settling } from "./whereabouts-known.ts";

/**
 * What becomes of an address that no pod shows: a leftover, or the entry of a pod whose status does not tell.
 *
 * @param elsewhere why those that show it do not count.
 */
export function nobodyShows(known: Known, elsewhere: readonly string[], settling: Settling): Settled {
  const { definition, live, skipGone } = settling;
  const claims = known.claims.filter((claim) => !known.places.some(({ pod }) => isOf(claim, pod)));
  const starting = claims.flatMap(({ pod }) => (pod && live.stateOf(pod) === "starting" ? podName(pod) : []));
  if (starting.length > 0 && !skipGone) return { remarks: elsewhere, starting };
  const hidden = claims.find(({ pod }) => live.stateOf(pod) === "hides");
  const chosen = hidden ?? claims[0];
  if (chosen === undefined) return { remarks: elsewhere };
  const text = formatAddress(known.address);
  const what = `${text} of ${ownerOf(chosen)}${chosen.pooled ? "" : `, only in ${chosen.where}`}`;
  const others = claims
    .filter((claim) => claim !== chosen && !isSame(claim, chosen))
    .map((claim) => `${text}: ${claim.where} has it for ${ownerOf(claim)}, too`);
  const why = reasonFor(chosen, hidden !== undefined);
  if (hidden === undefined && (skipGone || definition !== undefined))
    return { remarks: [...elsewhere, `${what}: ${why}: left out`, ...others] };
  const remark =
    `${what}: ${why}, so it stays held until an operator releases it: ` +
    `'kube-ipam ip release --force ${text}', once its container is certainly gone`;
  return { leases: [leftover(known.address, chosen)], remarks: [...elsewhere, remark, ...others] };
}

function reasonFor({ pod }: Claim, hides: boolean): string {
  if (hides) return "that pod runs, and its network-status is missing, lacks a network or cannot be read";
  return pod === undefined ? "no living pod shows it" : "no pod of that name shows it";
}

function leftover(address: Address, { container = UNKNOWN, ifname, pod }: Claim): ForeignLease {
  return {
    address,
    container,
    ifname: (container === UNKNOWN ? undefined : ifname) ?? unknownInterface(address),
    node: UNKNOWN,
    ...(pod !== undefined && { pod }),
  };
}
