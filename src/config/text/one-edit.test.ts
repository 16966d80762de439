import { expect, test } from "bun:test";
import fc from "fast-check";
import { withinOneEdit } from "./one-edit.ts";

const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 6 });

test("C46: one edit is an insertion, a deletion, a replacement or an exchange of neighbours", () => {
  fc.assert(
    fc.property(word, word, (one, other) => {
      expect(withinOneEdit(one, other)).toBe(distance(one, other) <= 1);
    }),
    { numRuns: 2_000 },
  );
});

/** Optimal string alignment, by its definition. */
function distance(one: string, other: string): number {
  if (one === "" || other === "") return one.length + other.length;
  const [a, b] = [one.slice(1), other.slice(1)];
  const same = one[0] === other[0] ? 0 : 1;
  const exchanged = one.length > 1 && one[0] === other[1] && one[1] === other[0];
  return Math.min(
    distance(a, other) + 1,
    distance(one, b) + 1,
    distance(a, b) + same,
    exchanged ? distance(one.slice(2), other.slice(2)) + 1 : Number.POSITIVE_INFINITY,
  );
}
