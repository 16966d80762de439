import { type AddResult, addressesOf } from "./cni.ts";
import type { StoredAllocation } from "./subject.ts";

/** What identifies an attachment in the checker's books. */
export interface Attachment {
  readonly network: string;
  readonly container: string;
  readonly ifname: string;
}

/**
 * Keeps books of what was printed as given and what was ended, and compares them with the store:
 * the three promises of the product, seen from outside.
 */
export class Checker {
  private readonly live = new Map<string, readonly string[]>();

  /** An ADD printed this result. */
  gave(attachment: Attachment, result: AddResult): void {
    this.live.set(keyOf(attachment), addressesOf(result));
  }

  /** A DEL of the attachment succeeded. */
  ended(attachment: Attachment): void {
    this.live.delete(keyOf(attachment));
  }

  /** One sentence per broken promise; empty when all hold. */
  faults(stored: readonly StoredAllocation[]): string[] {
    return [...this.duplicates(), ...storedTwice(stored), ...this.missing(stored), ...this.leaked(stored)];
  }

  private duplicates(): string[] {
    const owners = new Map<string, string[]>();
    for (const [owner, addresses] of this.live) {
      for (const address of addresses) owners.set(address, [...(owners.get(address) ?? []), owner]);
    }
    return [...owners]
      .filter(([, all]) => all.length > 1)
      .map(([address, all]) => `duplicate: ${address} was printed for ${all.join(" and ")}`);
  }

  private missing(stored: readonly StoredAllocation[]): string[] {
    const known = new Set(stored.map((each) => `${each.address} ${keyOf(each)}`));
    return [...this.live].flatMap(([owner, addresses]) =>
      addresses
        .filter((address) => !known.has(`${address} ${owner}`))
        .map((address) => `lost: ${address} was printed for ${owner}, the store does not say so`),
    );
  }

  private leaked(stored: readonly StoredAllocation[]): string[] {
    return stored
      .filter((each) => !(this.live.get(keyOf(each)) ?? []).includes(each.address))
      .map((each) => `leak: the store holds ${each.address} for ${keyOf(each)}, which has not got it`);
  }
}

function storedTwice(stored: readonly StoredAllocation[]): string[] {
  const seen = new Set<string>();
  return stored.flatMap((each) => {
    if (seen.has(each.address)) return [`duplicate: the store holds ${each.address} twice`];
    seen.add(each.address);
    return [];
  });
}

function keyOf({ network, container, ifname }: Attachment): string {
  return `${network}/${container}/${ifname}`;
}
