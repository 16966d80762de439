import { afterEach, beforeEach, describe } from "bun:test";
import { concurrency } from "./concurrency.ts";
import { damaged } from "./damaged.ts";
import type { StoreUnderTest } from "./fixtures.ts";
import { listings } from "./listings.ts";
import { names } from "./names.ts";
import { spans } from "./spans.ts";
import { transactions } from "./transactions.ts";
import { watches } from "./watches.ts";

/**
 * Runs the contract suite of the Store port, the same for every implementation.
 *
 * @param open opens an empty store; called for each case.
 */
export function describeStore(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`store contract: ${name}`, () => {
    let under: StoreUnderTest;
    beforeEach(async () => {
      under = await open();
    });
    afterEach(() => under.close());
    for (const part of [transactions, concurrency, names, spans, listings, watches, damaged])
      part(() => under);
  });
}
