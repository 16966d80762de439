import type { Address } from "../address.ts";
import type { Interval } from "../interval.ts";

/** Counts how often the values of addresses are looked at: a measure of work that no clock disturbs. */
export function counted() {
  let looks = 0;
  const address = (value: bigint): Address => ({
    family: 4,
    get value() {
      looks += 1;
      return value;
    },
  });
  return {
    address,
    interval: (first: bigint, last: bigint): Interval => ({ first: address(first), last: address(last) }),
    looks: () => looks,
  };
}

/** By how much work grows where its size doubles: 2 is linear, a little more sorts, 4 is quadratic. */
export function growth(work: (size: number) => number, size: number): number {
  return work(2 * size) / work(size);
}
