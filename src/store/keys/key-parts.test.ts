import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Address } from "../../address/address.ts";
import { sortableText } from "../../address/sortable.ts";
import { toBytes } from "./bytes.ts";
import { escapePart, lastPart, parseAddressPart, unescapePart } from "./key-parts.ts";

const address: fc.Arbitrary<Address> = fc.oneof(
  fc.bigInt(0n, 2n ** 32n - 1n).map((value): Address => ({ family: 4, value })),
  fc.bigInt(0n, 2n ** 128n - 1n).map((value): Address => ({ family: 6, value })),
);

describe("names in keys", () => {
  test.each([
    ["net1", "net1"],
    ["a/b", "a%2Fb"],
    ["100%", "100%25"],
    ["", ""],
    ["é", "%C3%A9"],
    ["node-1.example", "node-1.example"],
  ])("%s is written %s", (name, part) => {
    expect(escapePart(name)).toBe(part);
    expect(unescapePart(part)).toBe(name);
  });

  test("every name comes back, and none holds a slash", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (name) => {
        expect(escapePart(name)).not.toContain("/");
        expect(unescapePart(escapePart(name))).toBe(name);
      }),
    );
  });

  test("text that is never written is not taken for a name", () => {
    for (const part of ["%", "%zz", "%61", "é"]) expect(unescapePart(part)).toBeUndefined();
  });
});

describe("addresses in keys", () => {
  test("every address comes back", () => {
    fc.assert(fc.property(address, (value) => expect(parseAddressPart(sortableText(value))).toEqual(value)));
  });

  test("every address comes back as the last part of its key", () => {
    fc.assert(
      fc.property(address, fc.string(), (value, folder) => {
        const key = toBytes(`${folder}/${sortableText(value)}`);
        expect(lastPart(key, value.family)).toEqual(value);
        expect(lastPart(key, value.family === 4 ? 6 : 4)).toBeUndefined();
      }),
    );
    expect(lastPart(toBytes("x010.000.000.001"), 4)).toBeUndefined();
  });

  test("text that is never written is not taken for an address", () => {
    for (const part of [
      "",
      "10.0.0.1",
      "256.000.000.001",
      "010.000.000",
      "2001:db8::1",
      "2001:0DB8:0:0:0:0:0:0",
      "2001:0DB8:0000:0000:0000:0000:0000:0000",
      "010.000-000.001",
      "01a.000.000.001",
      "010.000.000.256",
    ]) {
      expect(parseAddressPart(part)).toBeUndefined();
    }
  });
});
