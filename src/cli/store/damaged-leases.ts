import { formatAddress } from "../../address/address.ts";
import { UNKNOWN } from "../../ipam/unknown-holder.ts";
import type { ForeignLease } from "../../portable/foreign-leases.ts";
import type { DamagedLease } from "./found-leases.ts";
import type { Told } from "./told.ts";

/**
 * Holds the address of each damaged lease for a container '(unknown)', so that nobody else gets it. Each is an
 * attachment of its own: whoever releases one releases no other.
 */
export function holdForUnknown(
  damaged: readonly DamagedLease[],
  node: string,
  isHere: boolean,
): ForeignLease[] {
  const addresses = new Map(
    damaged.filter(({ unknown }) => unknown).map(({ address }) => [formatAddress(address), address]),
  );
  return [...addresses].map(([text, address]) => ({
    address,
    container: UNKNOWN,
    ifname: `(${text})`,
    node,
    isHere,
  }));
}

/** Names all damaged leases, and what becomes of their addresses. */
export function tellDamaged(damaged: readonly DamagedLease[], whose: string, skipped: boolean): Told[] {
  if (damaged.length === 0) return [];
  const fate = skipped
    ? "they are left out (--skip-damaged), and others get their addresses"
    : `each address is held for a container '${UNKNOWN}' until 'kube-ipam ip release --force ADDRESS'; ` +
      "leave them out with --skip-damaged";
  return [
    {
      key: "damaged",
      warning: `${damaged.length} leases of ${whose} do not tell whose they are: ${fate}`,
      data: { held: !skipped },
      items: damaged.map(({ address, because, entry, unknown }) => ({
        text: `${entry}: ${because}`,
        data: { entry, address: formatAddress(address), because, held: unknown && !skipped },
      })),
    },
  ];
}

/** Names all entries that are no lease at all. */
export function tellNoAddress(entries: readonly string[], whose: string): Told[] {
  if (entries.length === 0) return [];
  return [
    {
      key: "noAddress",
      warning: `${entries.length} entries of ${whose} have no address for a name: nothing is held for them; if one is a lease, rename it as its address and import again`,
      items: entries.map((entry) => ({ text: entry, data: { entry } })),
    },
  ];
}
