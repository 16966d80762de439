/** When each holder of an address had it for certain, as seen from outside: a checker of promise 1. */
export class HandOverLog {
  readonly #entries: Entry[] = [];

  /** An ADD printed this address. */
  got(address: string, holder: string): void {
    this.#entries.push({ address, holder, from: performance.now(), until: Number.POSITIVE_INFINITY });
  }

  /** The holder's DEL is about to be sent, or its machine has lost power. */
  gaveBack(address: string, holder: string): void {
    for (const entry of this.#entries) {
      if (entry.address !== address || entry.holder !== holder) continue;
      entry.until = Math.min(entry.until, performance.now());
    }
  }

  /** One sentence for each moment at which two holders had one address. */
  overlaps(): string[] {
    return this.#entries.flatMap((a, index) =>
      this.#entries
        .slice(index + 1)
        .filter(
          (b) => b.address === a.address && b.holder !== a.holder && b.from < a.until && a.from < b.until,
        )
        .map((b) => `${a.address} was held by ${a.holder} and ${b.holder} at once`),
    );
  }

  get count(): number {
    return this.#entries.length;
  }
}

interface Entry {
  readonly address: string;
  readonly holder: string;
  readonly from: number;
  until: number;
}
