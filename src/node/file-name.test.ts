import { expect, test } from "bun:test";
import fc from "fast-check";
import { fileName } from "./file-name.ts";

test("a name can be read where its words allow it", () => {
  expect(fileName("net-1", "0a1b2c", "eth0.100")).toBe("net-1@0a1b2c@eth0.100");
});

test("other words, and long ones, become a hash", () => {
  const hash = /^@[0-9a-f]{64}$/;
  for (const word of ["", ".", "..", ".hidden", "a/b", "a@b", "ü", "\0", "\ud800", "x".repeat(181)]) {
    expect(fileName(word)).toMatch(hash);
  }
  expect(fileName("x".repeat(180))).toBe("x".repeat(180));
});

test("different words never share a name", () => {
  const words = fc.array(
    fc.oneof(fc.string({ unit: "grapheme-ascii" }), fc.stringMatching(/^[ab@.]{0,3}$/)),
    {
      minLength: 1,
      maxLength: 3,
    },
  );
  fc.assert(
    fc.property(words, words, (a, b) => {
      expect(fileName(...a) === fileName(...b)).toBe(JSON.stringify(a) === JSON.stringify(b));
    }),
  );
});

test("a name fits a Linux file name", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary" }), { minLength: 1 }), (words) => {
      const name = fileName(...words);
      expect(name).toMatch(/^[A-Za-z0-9@][A-Za-z0-9@._-]*$/);
      expect(name.length).toBeLessThanOrEqual(180);
    }),
  );
});
