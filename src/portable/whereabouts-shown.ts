import { formatAddress } from "../address/address.ts";
import { uidOfRuntime } from "../ipam/evidence/fencing.ts";
import { podName } from "../ipam/in-words.ts";
import { evidenceId } from "../ipam/journal-entry.ts";
import { UNKNOWN } from "../ipam/unknown-holder.ts";
import { type ForeignLease, unknownInterface } from "./foreign-leases.ts";
import { type Claim, isOf, ownerOf } from "./whereabouts-claims.ts";
import { isSame, type Known, type Settling } from "./whereabouts-known.ts";
import type { Place } from "./whereabouts-pods.ts";

/** The lease of a living pod that shows the address, and what whereabouts says otherwise. */
export function shownBy(
  place: Place,
  { address, claims, places }: Known,
  settling: Settling,
): { readonly lease: ForeignLease; readonly remarks: readonly string[] } {
  const { pod } = place;
  const own = claims.filter((claim) => isOf(claim, pod));
  // Of an entry without a pod it is clear whose it is only where one pod shows the address.
  const chosen =
    chosenOf(own) ?? (places.length === 1 ? claims.find((claim) => claim.pod === undefined) : undefined);
  const text = formatAddress(address);
  const uid = uidOfRuntime(pod);
  const container = chosen?.container ?? evidenceId(uid, text);
  const { namespace, name, nodeName: node = UNKNOWN } = pod;
  const lease: ForeignLease = {
    address,
    container,
    ifname: interfaceOf(place, ofContainer(claims, chosen), settling),
    node,
    pod: { namespace, name, uid },
    nodeVerified: pod.nodeName !== undefined,
  };
  const whose = `pod ${podName(pod)} ${chosen?.container === undefined ? "" : `(container ${container}) `}shows it`;
  const shows = (claim: Claim) => places.some((other) => other !== place && isOf(claim, other.pod));
  const remarks = claims.flatMap((claim) =>
    claim === chosen || isSame(claim, chosen) || shows(claim)
      ? []
      : [`${text}: ${claim.where} has it for ${ownerOf(claim)}, but ${whose}: held for that pod`],
  );
  return { lease, remarks: [...remarks, ...ofShown(place, chosen)] };
}

/** What is said of the chosen container. */
function ofContainer(claims: readonly Claim[], chosen: Claim | undefined): readonly Claim[] {
  if (chosen?.container === undefined) return chosen === undefined ? [] : [chosen];
  return claims.filter(({ container }) => container === chosen.container);
}

/** Whereabouts writes a reservation beside each entry: what both say counts before what a pool alone says. */
function chosenOf(own: readonly Claim[]): Claim | undefined {
  const twice = own.find((claim) =>
    own.some((other) => other.where !== claim.where && other.container === claim.container),
  );
  return (
    (twice?.container === undefined ? undefined : twice) ?? own.find(({ container }) => container) ?? own[0]
  );
}

/** What is told of an address that its pod shows: what whereabouts does not say, or says in a reservation only. */
function ofShown(place: Place, chosen: Claim | undefined): string[] {
  const { text } = place;
  const pod = `pod ${podName(place.pod)}, which shows it`;
  const noDel =
    "its container is not known, so no DEL frees it: the node's agent does once the pod is gone, " +
    `or 'kube-ipam ip release --force ${text}'`;
  if (chosen === undefined) return [`${text} is in no pool: held for ${pod}; ${noDel}`];
  const says = `${text}: ${chosen.where} has it for ${ownerOf(chosen)}: held for ${pod}`;
  if (chosen.container === undefined) return [`${says}; ${noDel}`];
  if (chosen.pod === undefined) return [says];
  return chosen.pooled ? [] : [`${text} is in no pool, only in ${chosen.where}: held for ${pod}`];
}

/**
 * The pod's status goes before the entry: where two interfaces came under one name, the DEL of one would free the
 * other's. An interface that nobody names gets a name of its own, which no DEL has.
 */
function interfaceOf(place: Place, claims: readonly Claim[], { ifname: fallback }: Settling): string {
  if (place.ifname !== undefined) return place.ifname;
  const named = new Set(claims.flatMap(({ ifname }) => ifname ?? []));
  const [only, ...others] = named;
  const name = only !== undefined && others.length === 0 ? only : place.podIP && fallback;
  return name && !place.hasSibling(name) ? name : unknownInterface(place.address);
}
