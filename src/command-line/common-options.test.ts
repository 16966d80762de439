import { expect, test } from "bun:test";
import { secondsUpTo } from "./common-options.ts";

test.each([
  ["30", 30],
  ["0.5", 0.5],
  ["3600", 3_600],
])("%s is a number of seconds", (text, seconds) => {
  expect(secondsUpTo(3_600)(text)).toBe(seconds);
});

test.each(["", " ", "0", "-1", "3601", "1s", "NaN", "Infinity"])("%p is none", (text) => {
  expect(() => secondsUpTo(3_600)(text)).toThrow("expected a number of seconds up to 3600, such as 30");
});

test("0 is one where it has a meaning, a blank never is", () => {
  expect(secondsUpTo(60, "or none")("0")).toBe(0);
  expect(() => secondsUpTo(60, "or none")(" ")).toThrow();
});
