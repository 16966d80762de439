import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Address } from "../../address/address.ts";
import { addressPart, escapePart, parseAddressPart, unescapePart } from "./key-parts.ts";

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
  const table: [Address, string][] = [
    [{ family: 4, value: 0x0abc00d8n }, "010.188.000.216"],
    [{ family: 4, value: 0xffffffffn }, "255.255.255.255"],
    [{ family: 6, value: 0x20010db8n << 96n }, "2001:0db8:0000:0000:0000:0000:0000:0000"],
  ];
  for (const [value, part] of table) {
    test(`${part} is how it is written`, () => {
      expect(addressPart(value)).toBe(part);
      expect(parseAddressPart(part)).toEqual(value);
    });
  }

  test("every address comes back", () => {
    fc.assert(fc.property(address, (value) => expect(parseAddressPart(addressPart(value))).toEqual(value)));
  });

  test("addresses of one family sort as numbers do", () => {
    fc.assert(
      fc.property(address, address, (one, other) => {
        fc.pre(one.family === other.family);
        expect(addressPart(one) < addressPart(other)).toBe(one.value < other.value);
      }),
    );
  });

  test("text that is never written is not taken for an address", () => {
    for (const part of [
      "",
      "10.0.0.1",
      "256.000.000.001",
      "010.000.000",
      "2001:db8::1",
      "2001:0DB8:0:0:0:0:0:0",
    ]) {
      expect(parseAddressPart(part)).toBeUndefined();
    }
  });
});
