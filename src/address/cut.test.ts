import { expect, test } from "bun:test";
import { cut } from "./cut.ts";

test.each([
  ["", ""],
  ["abcd", "abcd"],
  ["abcde", "abcd… (5 characters)"],
  ["abc😀", "abc… (5 characters)"],
  ["ab😀e", "ab😀… (5 characters)"],
])("%s", (text, expected) => {
  expect(cut(text, 4)).toBe(expected);
});
