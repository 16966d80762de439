import { formatAddress } from "../../address/address.ts";
import { counted } from "../../command-line/counted.ts";
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
    ? "left out (--skip-damaged), and others get the addresses"
    : `each address is held for a container '${UNKNOWN}' until 'kube-ipam ip release --force ADDRESS'; ` +
      "leave them out with --skip-damaged";
  const what = counted(
    damaged.length,
    `lease of ${whose} does not tell whose it is`,
    `leases of ${whose} do not tell whose they are`,
  );
  return [
    {
      key: "damaged",
      warning: `${what}: ${fate}`,
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
  const what = counted(entries.length, `entry of ${whose} has`, `entries of ${whose} have`);
  return [
    {
      key: "noAddress",
      warning: `${what} no address for a name: nothing is held; if one is a lease, rename it as its address and import again`,
      items: entries.map((entry) => ({ text: entry, data: { entry } })),
    },
  ];
}
