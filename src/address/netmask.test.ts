import { expect, test } from "bun:test";
import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { tryParseNetmask } from "./netmask.ts";

for (const [text, family, prefix] of [
  ["255.255.0.0", 4, 16],
  ["/16", 4, 16],
  ["16", 4, 16],
  ["016", 4, 16],
  ["255.255.255.255", 4, 32],
  ["128.0.0.0", 4, 1],
  ["64", 6, 64],
  ["/128", 6, 128],
] as const) {
  test(`${text} is ${prefix} bits in IPv${family}`, () => expect(tryParseNetmask(text, family)).toBe(prefix));
}

for (const [text, family] of [
  ["255.0.255.0", 4],
  ["0.0.0.0", 4],
  ["0.0.0.255", 4],
  ["0", 4],
  ["33", 4],
  ["//16", 4],
  ["16 ", 4],
  ["-1", 4],
  ["", 4],
  ["/", 4],
  ["foo", 4],
  ["255.255.0", 4],
  ["ffff::", 6],
  ["::ffff:255.255.0.0", 4],
  ["255.255.0.0", 6],
  ["129", 6],
] as const) {
  test(`'${text}' is no netmask of IPv${family}`, () =>
    expect(tryParseNetmask(text, family)).toBeUndefined());
}

test("a dotted mask has the prefix that ipaddr.js finds", () => {
  const octet = fc.constantFrom(0, 128, 192, 224, 240, 248, 252, 254, 255, 1);
  fc.assert(
    fc.property(fc.tuple(octet, octet, octet, octet), (octets) => {
      const text = octets.join(".");
      const expected = ipaddr.IPv4.parse(text).prefixLengthFromSubnetMask();
      expect(tryParseNetmask(text, 4)).toBe(expected ? expected : undefined);
    }),
  );
});
