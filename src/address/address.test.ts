import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { compareAddresses, formatAddress, offsetAddress, parseAddress, tryParseAddress } from "./address.ts";
import { anyAddress, anyFamily6 } from "./testing/arbitraries.ts";

describe("parseAddress and formatAddress", () => {
  test("are each other's inverse", () => {
    fc.assert(
      fc.property(anyAddress, (address) => expect(parseAddress(formatAddress(address))).toEqual(address)),
    );
  });

  test("write what ipaddr.js writes, where that follows RFC 5952", () => {
    fc.assert(
      fc.property(anyAddress, (address) => {
        const bytes = bytesOf(address.value, address.family === 4 ? 4 : 16);
        const oracle = ipaddr.fromByteArray(bytes);
        const text = oracle.kind() === "ipv6" ? (oracle as ipaddr.IPv6).toRFC5952String() : oracle.toString();
        expect(formatAddress(address)).toBe(text);
      }),
    );
  });

  test("take every spelling of an IPv6 address", () => {
    fc.assert(
      fc.property(anyFamily6, (address) => {
        const groups = ipaddr.fromByteArray(bytesOf(address.value, 16)).toNormalizedString().split(":");
        expect(parseAddress(groups.join(":").toUpperCase())).toEqual(address);
        expect(parseAddress(groups.map((group) => group.padStart(4, "0")).join(":"))).toEqual(address);
      }),
    );
  });

  test("take no text that ipaddr.js refuses", () => {
    const pieces = fc.constantFrom(
      "0",
      "1",
      "255",
      "256",
      "00",
      "f",
      "ffff",
      "10000",
      ":",
      "::",
      ".",
      "%",
      " ",
      "-",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 16 }), (parts) => {
        const text = parts.join("");
        if (tryParseAddress(text) !== undefined) expect(ipaddr.isValid(text)).toBe(true);
        else if (ipaddr.IPv4.isValidFourPartDecimal(text)) expect(text).toMatch(/(^|\.)0[0-9]/);
        else if (!text.includes(".") && !text.includes("%")) expect(ipaddr.IPv6.isValid(text)).toBe(false);
      }),
      { numRuns: 3_000 },
    );
  });

  for (const [text, canonical] of [
    ["10.1.2.3", "10.1.2.3"],
    ["0.0.0.0", "0.0.0.0"],
    ["::", "::"],
    ["::1", "::1"],
    ["2001:0DB8:0:0:0:0:0:00aB", "2001:db8::ab"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8::1:0:0:1", "2001:db8::1:0:0:1"],
    ["::ffff:10.1.2.3", "10.1.2.3"],
    ["::FFFF:0a01:0203", "10.1.2.3"],
    ["64:ff9b::10.1.2.3", "64:ff9b::a01:203"],
  ] as const) {
    test(`${text} is ${canonical}`, () => expect(formatAddress(parseAddress(text))).toBe(canonical));
  }

  for (const text of [
    "",
    " 10.1.2.3",
    "10.1.2.3 ",
    "10.1.2",
    "10.1.2.3.4",
    "10.1.2.256",
    "010.1.2.3",
    "10.1.2.03",
    "10.1.2.3/24",
    "0x0a.1.2.3",
    "167838211",
    "+10.1.2.3",
    "1e1.1.2.3",
    "１０.1.2.3",
    "fe80::1%eth0",
    "1::2::3",
    ":::",
    ":1",
    "1:",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "::12345",
    "::g",
    "::10.1.2",
    "::10.1.2.03",
    "10.1.2.3::",
    "[::1]",
  ]) {
    test(`'${text}' is no address`, () => {
      expect(() => parseAddress(text)).toThrow(new RangeError(`'${text}' is not an IP address`));
    });
  }
});

test("addresses order by family, then as numbers", () => {
  const texts = ["ffff::", "10.0.0.10", "::5", "9.0.0.0", "10.0.0.9", "::"];
  expect(texts.map(parseAddress).sort(compareAddresses).map(formatAddress)).toEqual([
    "9.0.0.0",
    "10.0.0.9",
    "10.0.0.10",
    "::",
    "::5",
    "ffff::",
  ]);
});

test("an offset carries over the groups", () => {
  expect(formatAddress(offsetAddress(parseAddress("10.1.2.255"), 1n))).toBe("10.1.3.0");
  expect(formatAddress(offsetAddress(parseAddress("2001:db8::1:0"), -1n))).toBe("2001:db8::ffff");
});

function bytesOf(value: bigint, length: number): number[] {
  return Array.from({ length }, (_, index) => Number((value >> BigInt(8 * (length - 1 - index))) & 0xffn));
}
