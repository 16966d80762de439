import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { formatAddress, parseAddress } from "./address.ts";
import {
  cidrContains,
  cidrInterval,
  formatCidr,
  lastOf,
  networkOf,
  parseCidr,
  tryParseCidr,
} from "./cidr.ts";
import { anyAddress, anyNetwork } from "./testing/arbitraries.ts";

describe("parseCidr", () => {
  test("is the inverse of formatCidr", () => {
    fc.assert(fc.property(anyNetwork, (cidr) => expect(parseCidr(formatCidr(cidr))).toEqual(cidr)));
  });

  for (const [text, canonical] of [
    ["10.1.2.3/24", "10.1.2.3/24"],
    ["0.0.0.0/0", "0.0.0.0/0"],
    ["2001:DB8::/32", "2001:db8::/32"],
    ["::ffff:10.1.2.0/120", "10.1.2.0/24"],
    ["::ffff:0:0/96", "0.0.0.0/0"],
  ] as const) {
    test(`${text} is ${canonical}`, () => expect(formatCidr(parseCidr(text))).toBe(canonical));
  }

  for (const text of [
    "10.1.2.0",
    "10.1.2.0/",
    "10.1.2.0/33",
    "10.1.2.0/024",
    "10.1.2.0/-1",
    "10.1.2.0/24/8",
    "10.1.2.0/24 ",
    "10.1.2.0/255.255.255.0",
    "2001:db8::/129",
    "::ffff:10.1.2.0/24",
    "/24",
  ]) {
    test(`'${text}' is none`, () => {
      expect(tryParseCidr(text)).toBeUndefined();
      expect(() => parseCidr(text)).toThrow(
        new RangeError(`'${text}' is not an address with a prefix length`),
      );
    });
  }
});

test("first and last address are those of ipaddr.js", () => {
  fc.assert(
    fc.property(anyNetwork, (cidr) => {
      const reader = cidr.address.family === 4 ? ipaddr.IPv4 : ipaddr.IPv6;
      const text = formatCidr(cidr);
      expect(formatAddress(networkOf(cidr))).toBe(canonical(reader.networkAddressFromCIDR(text)));
      expect(formatAddress(lastOf(cidr))).toBe(canonical(reader.broadcastAddressFromCIDR(text)));
    }),
  );
});

test("a network contains what ipaddr.js matches", () => {
  fc.assert(
    fc.property(anyNetwork, anyAddress, (cidr, address) => {
      const [theirs, wanted] = [ipaddr.parse(formatAddress(address)), ipaddr.parseCIDR(formatCidr(cidr))];
      const expected = theirs.kind() === wanted[0].kind() && theirs.match(wanted as [ipaddr.IPv4, number]);
      expect(cidrContains(cidr, address)).toBe(expected);
    }),
  );
});

test("a network contains its ends, and not their neighbours", () => {
  const cidr = parseCidr("10.1.2.0/23");
  const { first, last } = cidrInterval(cidr);
  expect([first, last].map(formatAddress)).toEqual(["10.1.2.0", "10.1.3.255"]);
  expect([first, last].map((end) => cidrContains(cidr, end))).toEqual([true, true]);
  const outside = ["10.1.1.255", "10.1.4.0", "::10.1.2.0"].map(parseAddress);
  expect(outside.map((address) => cidrContains(cidr, address))).toEqual([false, false, false]);
});

function canonical(address: ipaddr.IPv4 | ipaddr.IPv6): string {
  return formatAddress(parseAddress(address.toString()));
}
