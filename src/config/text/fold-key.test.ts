import { expect, test } from "bun:test";
import fc from "fast-check";
import { bareKey, foldKey } from "./fold-key.ts";

/** Letters that some folding takes for ASCII: long s, Kelvin, dotted and dotless i, sharp s, a ligature. */
const LETTERS = [..."rangestRANGESTikIK", "ſ", "K", "İ", "ı", "ß", "ﬆ", "-"];
const KEYS = ["rangestart", "kubeconfig", "ips", "cniversion"];

test("C36: keys fold as Unicode's simple folding says, as a regular expression judges it", () => {
  const respelt = fc.constantFrom(...KEYS).chain((key) =>
    fc
      .array(fc.option(fc.constantFrom(...LETTERS), { nil: undefined, freq: 3 }), {
        minLength: key.length,
        maxLength: key.length,
      })
      .map((letters) => [key, letters.map((letter, index) => letter ?? key[index]).join("")] as const),
  );
  fc.assert(
    fc.property(respelt, ([key, spelling]) => {
      expect(foldKey(spelling) === key).toBe(new RegExp(`^${key}$`, "iu").test(spelling));
    }),
    { numRuns: 2_000 },
  );
});

test.each(["range_start", "range-start", "RANGE START", "range.start", "RangeStart"])(
  "%s has the words of rangeStart",
  (key) => expect(bareKey(key)).toBe("rangestart"),
);
