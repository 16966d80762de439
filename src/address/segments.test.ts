import { expect, test } from "bun:test";
import fc from "fast-check";
import { intervalContains } from "./interval.ts";
import { allHolding, firstHolding } from "./segments.ts";
import { small, smallInterval } from "./testing/arbitraries.ts";

const items = fc.array(fc.array(smallInterval, { maxLength: 3 }), { maxLength: 6 });
const held = (item: readonly Parameters<typeof intervalContains>[0][]) => item;

test("the first item that holds an address, and all of them, are those of a plain search", () => {
  fc.assert(
    fc.property(items, fc.nat(70), (list, at) => {
      const address = small(at);
      const holds = (item: (typeof list)[number]) => item.some((each) => intervalContains(each, address));
      expect(firstHolding(list, held)(address)).toBe(list.find(holds) as (typeof list)[number]);
      expect(allHolding(list, held)(address)).toEqual(list.filter(holds));
    }),
  );
});

test("an address of another family is held by none", () => {
  const list = [[{ first: small(0), last: small(9) }]];
  expect(firstHolding(list, held)({ family: 6, value: small(3).value })).toBeUndefined();
  expect(allHolding(list, held)({ family: 6, value: 0n })).toEqual([]);
});

test("as many lookups per address as the logarithm of the intervals", () => {
  const counted = (count: number) => {
    let looked = 0;
    const list = Array.from(
      { length: count },
      (_, index) =>
        ({
          first: {
            family: 4,
            get value() {
              looked += 1;
              return BigInt(index);
            },
          },
          last: {
            family: 4,
            get value() {
              looked += 1;
              return BigInt(2 * count - index);
            },
          },
        }) as const,
    );
    const holding = firstHolding(list, (interval) => [interval]);
    for (let value = 0n; value < count; value++) holding({ family: 4, value });
    return looked;
  };
  // Each interval is looked at a number of times that does not grow with the others, though all overlap.
  expect(counted(2_000)).toBe(2 * counted(1_000));
});
