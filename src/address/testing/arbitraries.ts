import fc from "fast-check";
import type { Address } from "../address.ts";
import { type Cidr, networkOf } from "../cidr.ts";
import type { Interval } from "../interval.ts";

/** Values for property tests. IPv6 comes with runs of zeros, and never as IPv4-mapped. */

const group = fc.oneof(fc.constant(0n), fc.constant(0xffffn), fc.bigInt({ min: 0n, max: 0xffffn }));

const anyFamily4: fc.Arbitrary<Address> = fc
  .bigInt({ min: 0n, max: (1n << 32n) - 1n })
  .map((value) => ({ family: 4, value }));

export const anyFamily6: fc.Arbitrary<Address> = fc
  .array(group, { minLength: 8, maxLength: 8 })
  .map((groups) => groups.reduce((value, part) => (value << 16n) | part, 0n))
  .filter((value) => value >> 32n !== 0xffffn)
  .map((value) => ({ family: 6, value }));

export const anyAddress = fc.oneof(anyFamily4, anyFamily6);

/** A network without host bits. */
export const anyNetwork: fc.Arbitrary<Cidr> = fc
  .oneof(
    fc.tuple(anyFamily4, fc.integer({ min: 0, max: 32 })),
    fc.tuple(anyFamily6, fc.integer({ min: 0, max: 128 })),
  )
  .map(([address, prefix]) => ({ address: networkOf({ address, prefix }), prefix }));

/** Small intervals among the first 64 addresses of 10.0.0.0, so that they meet often. */
export const smallInterval: fc.Arbitrary<Interval> = fc
  .tuple(fc.nat(63), fc.nat(12))
  .map(([first, length]) => ({ first: small(first), last: small(Math.min(first + length, 63)) }));

/** The address at `place` of those that smallInterval covers. */
export function small(place: number): Address {
  return { family: 4, value: 0x0a00_0000n + BigInt(place) };
}
