import { afterEach, beforeEach, describe } from "bun:test";
import { concurrency } from "./contract/concurrency.ts";
import { damaged } from "./contract/damaged.ts";
import type { StoreUnderTest } from "./contract/fixtures.ts";
import { listings } from "./contract/listings.ts";
import { names } from "./contract/names.ts";
import { spans } from "./contract/spans.ts";
import { transactions } from "./contract/transactions.ts";
import { watches } from "./contract/watches.ts";

/**
 * The contract of the Store port: the same cases for every implementation.
 *
 * @param open a store of its own for each case, empty.
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
