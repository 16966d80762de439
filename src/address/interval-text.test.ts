import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { formatInterval, tryParseInterval } from "./interval-text.ts";
import { anyAddress } from "./testing/arbitraries.ts";

describe("tryParseInterval", () => {
  for (const [text, shown] of [
    ["10.1.2.20", "10.1.2.20"],
    ["10.1.2.20-10.1.2.20", "10.1.2.20"],
    ["10.1.2.20-10.1.2.30", "10.1.2.20-10.1.2.30"],
    ["10.1.2.20 - 10.1.2.30", "10.1.2.20-10.1.2.30"],
    ["10.1.2.8/29", "10.1.2.8-10.1.2.15"],
    ["10.1.2.9/29", "10.1.2.8-10.1.2.15"],
    ["2001:db8::/127", "2001:db8::-2001:db8::1"],
  ] as const) {
    test(`${text} is ${shown}`, () => {
      const found = tryParseInterval(text);
      expect(found && formatInterval(found)).toBe(shown);
    });
  }

  for (const text of [
    "",
    "-",
    "10.1.2.3-",
    "-10.1.2.3",
    "10.1.2.9-10.1.2.8",
    "10.1.2.3-::5",
    "a-b",
    "10.1.2.0/33",
    "10.1.2.3-10.1.2.4-10.1.2.5",
  ]) {
    test(`'${text}' is none`, () => expect(tryParseInterval(text)).toBeUndefined());
  }
});

const interval = fc
  .tuple(anyAddress, anyAddress)
  .filter(([a, b]) => a.family === b.family)
  .map(([a, b]) => (a.value <= b.value ? { first: a, last: b } : { first: b, last: a }));

test("what formatInterval writes, tryParseInterval reads", () => {
  fc.assert(fc.property(interval, (each) => expect(tryParseInterval(formatInterval(each))).toEqual(each)));
});
