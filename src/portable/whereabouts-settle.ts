import { formatAddress } from "../address/address.ts";
import { podName } from "../ipam/in-words.ts";
import type { ForeignLease } from "./foreign-leases.ts";
import { isOf } from "./whereabouts-claims.ts";
import { inFull, type Known, type Settled, type Settling } from "./whereabouts-known.ts";
import { nobodyShows } from "./whereabouts-leftover.ts";
import type { Place } from "./whereabouts-pods.ts";
import { shownBy } from "./whereabouts-shown.ts";

/**
 * A living pod that shows an address goes before whatever whereabouts says. Where whereabouts gave it to two that live,
 * nothing can be imported; who merely shows it, besides, holds it too.
 */
export function settle(known: Known, settling: Settling): Settled {
  const { address, claims, places } = known;
  const elsewhere = places.flatMap((place) => elsewhereBecause(place, known, settling) ?? []);
  const here = places.filter((place) => elsewhereBecause(place, known, settling) === undefined);
  if (here.length === 0) return nobodyShows(known, elsewhere, settling);
  const text = formatAddress(address);
  const inUseBy = (by: readonly Place[]) =>
    `${text} is in use ${by.length} times: by ${by.map((place) => inFull(place, claims)).join(", and by ")}`;
  const named = here.filter(({ pod }) => claims.some((claim) => isOf(claim, pod)));
  if (new Set(named.map(({ pod }) => podName(pod))).size > 1)
    return { remarks: elsewhere, conflict: `address ${inUseBy(named)}` };
  const held = here.map((place) => shownBy(place, known, settling));
  const several = here.length === 1 ? [] : [`${inUseBy(here)}: held for each of them`];
  return {
    leases: once(held.map(({ lease }) => lease)),
    remarks: [...elsewhere, ...several, ...held.flatMap(({ remarks }) => remarks)],
  };
}

/** Interfaces of one container that nobody names are one. */
function once(leases: readonly ForeignLease[]): ForeignLease[] {
  const keyOf = ({ node, container, ifname }: ForeignLease) => JSON.stringify([node, container, ifname]);
  return [...new Map(leases.map((lease) => [keyOf(lease), lease])).values()];
}

/** Why an address that a pod shows is another network's. */
function elsewhereBecause(
  { network, pod }: Place,
  known: Known,
  { definition }: Settling,
): string | undefined {
  const what = `${formatAddress(known.address)} of pod ${podName(pod)}`;
  if (definition !== undefined && network !== definition)
    return `${what}${network === undefined ? "" : ` in ${network}`} comes from another definition: left out`;
  const other = known.others.find((claim) => isOf(claim, pod));
  if (other === undefined || known.claims.some((claim) => isOf(claim, pod))) return undefined;
  return `${what} is of ${other.where}, which is not imported: left out`;
}
