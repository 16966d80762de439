import { expect, test } from "bun:test";
import { cut, cutWithin } from "./cut.ts";

test.each([
  ["", ""],
  ["abcd", "abcd"],
  ["abcde", "abcd… (5 characters)"],
  ["abc😀", "abc… (5 characters)"],
  ["ab😀e", "ab😀… (5 characters)"],
])("%s", (text, expected) => {
  expect(cut(text, 4)).toBe(expected);
});

test("where the remark counts too, nothing is longer than it may be", () => {
  for (const text of ["x".repeat(20), "x".repeat(21), "😀".repeat(300)])
    expect(cutWithin(text, 20).length).toBeLessThanOrEqual(20);
  expect(cutWithin("x".repeat(20), 20)).toBe("x".repeat(20));
  expect(cutWithin("x".repeat(999), 20)).toBe("xx… (999 characters)");
});
