import { type Address, compareAddresses, formatAddress } from "../../address/address.ts";
import type { SpelledAddress } from "../../address/spelled-address.ts";
import type { LeaseHolder } from "./lease-text.ts";

/** A lease as another plugin left it. */
export interface FoundLease extends SpelledAddress {
  /** Its file or key. */
  readonly entry: string;
  readonly holder: LeaseHolder;
}

export interface ReadableLease {
  readonly address: Address;
  readonly container: string;
  /** Absent where the plugin did not write it. */
  readonly ifname?: string;
}

/** An address whose container the lease does not tell. */
export interface DamagedLease {
  readonly entry: string;
  readonly address: Address;
  readonly because: string;
  /** False where another entry tells who has the address. */
  readonly unknown: boolean;
}

/** Each address once; and each entry in one of the three. */
export interface Leases {
  readonly leases: readonly ReadableLease[];
  readonly damaged: readonly DamagedLease[];
  /** Entries whose name is no address. */
  readonly noAddress: readonly string[];
}

/**
 * One lease for each address. Where several entries mean one address and differ, the one with the canonical name
 * counts, for that is where the plugin looks; without it nobody can tell whose the address is.
 */
export function leasesOf(all: readonly FoundLease[]): Omit<Leases, "noAddress"> {
  const leases: ReadableLease[] = [];
  const damaged: DamagedLease[] = [];
  const found = all.map(({ doubt, holder, ...rest }) => ({
    ...rest,
    holder: doubt === undefined ? holder : { fault: doubt },
  }));
  for (const same of Map.groupBy(found, ({ address }) => formatAddress(address)).values()) {
    const chosen = choose(same);
    if (chosen !== undefined && !("fault" in chosen.holder))
      leases.push({ address: chosen.address, ...chosen.holder });
    for (const each of same) {
      if (each === chosen) continue;
      const { entry, address, holder } = each;
      if (chosen !== undefined && Bun.deepEquals(holder, chosen.holder)) continue;
      const because =
        "fault" in holder ? holder.fault : "another entry gives its address to another container";
      damaged.push({ entry, address, because, unknown: chosen === undefined });
    }
  }
  const byAddress = (a: { address: Address }, b: { address: Address }) =>
    compareAddresses(a.address, b.address);
  return { leases: leases.sort(byAddress), damaged: damaged.sort(byAddress) };
}

/** The entry to believe: undefined where one that counts as much says something else, or nothing. */
function choose(same: readonly FoundLease[]): FoundLease | undefined {
  const own = same.filter(({ canonical }) => canonical);
  const [first, ...others] = own.length > 0 ? own : same;
  if (first === undefined || "fault" in first.holder) return undefined;
  return others.every(({ holder }) => Bun.deepEquals(holder, first.holder)) ? first : undefined;
}
