/**
 * Short numbers that stand for long names in an index of the whole cluster. Two names may have one number, about once
 * in 10^10 pairs of an index: so an index only says what to look at, or that nothing need be looked at.
 */

/** 53 bits of the names, which need no memory of their own. */
export function nameHash(...names: readonly string[]): number {
  const text = names.join("\0");
  return Bun.hash.xxHash32(text) * 2 ** 21 + (Bun.hash.murmur32v3(text) >>> 11);
}

/** 32 bits with a sign, to add up: equal sums of two sets mean equal sets. */
export function partHash(...parts: readonly string[]): number {
  return Bun.hash.murmur32v3(parts.join("\0")) | 0;
}

/** A sum of part hashes, which stays one. */
export function plus(sum: number, part: number): number {
  return (sum + part) | 0;
}
