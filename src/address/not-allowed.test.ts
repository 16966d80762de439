import { describe, expect, test } from "bun:test";
import { type Address, formatAddress, offsetAddress, parseAddress, tryParseAddress } from "./address.ts";
import { parseCidr } from "./cidr.ts";
import { intervalContains } from "./interval.ts";
import { parseInterval } from "./interval-text.ts";
import { neverGivenOut, type Rules, whyNotAllowed } from "./not-allowed.ts";
import type { Range } from "./range.ts";

const V4 = range("10.1.2.0/24", "10.1.2.1");
const V6 = range("2001:db8::/64", "2001:db8::1");

describe("whyNotAllowed", () => {
  const rules: Rules = {
    sets: [{ ranges: [V4] }, { ranges: [V6] }, { ranges: [range("10.1.3.0/24")] }],
    exclude: [
      parseInterval("10.1.2.8/29"),
      { ...parseInterval("10.1.2.100-10.1.2.120"), because: "belongs to pool 'db'" },
    ],
  };

  for (const [address, reason] of [
    ["10.1.2.0", "it is the network address of 10.1.2.0/24"],
    ["10.1.2.255", "it is the broadcast address of 10.1.2.0/24"],
    ["10.1.2.1", "it is the subnet's gateway (10.1.2.0/24)"],
    ["10.1.3.1", "main plugins take it for a gateway (10.1.3.0/24 names none)"],
    ["2001:db8::", "it is the subnet-router anycast address of 2001:db8::/64"],
    ["2001:db8::1", "it is the subnet's gateway (2001:db8::/64)"],
    ["10.1.2.9", "it is excluded (10.1.2.8-10.1.2.15)"],
    ["10.1.2.110", "it belongs to pool 'db' (10.1.2.100-10.1.2.120)"],
    ["10.1.2.2", undefined],
    ["2001:db8::ffff:ffff:ffff:ffff", undefined],
  ] as const) {
    test(`${address}: ${reason ?? "allowed"}`, () => {
      expect(whyNotAllowed(rules, parseAddress(address))).toBe(reason);
    });
  }
});

test("neverGivenOut holds exactly what whyNotAllowed has a reason for", () => {
  const other = { ...range("10.1.2.0/24", "10.1.2.254"), fixed: parseInterval("10.1.2.30-10.1.2.40") };
  const rules: Rules = {
    sets: [{ ranges: [V4, other] }],
    exclude: [parseInterval("10.1.2.20"), parseInterval("10.1.2.8/30")],
  };
  const never = neverGivenOut(rules);
  const held = addressesFrom("10.1.1.250", 270).filter((address) =>
    never.some((one) => intervalContains(one, address)),
  );
  const refused = addressesFrom("10.1.1.250", 270).filter(
    (address) => whyNotAllowed(rules, address) !== undefined,
  );
  expect(held.map(formatAddress)).toEqual(refused.map(formatAddress));
  expect(held.map(formatAddress)).toEqual([0, 1, 8, 9, 10, 11, 20, 254, 255].map((last) => `10.1.2.${last}`));
});

function addressesFrom(text: string, count: number): Address[] {
  return Array.from({ length: count }, (_, index) => offsetAddress(parseAddress(text), BigInt(index)));
}

function range(text: string, gatewayText = ""): Range {
  const subnet = parseCidr(text);
  const gateway = tryParseAddress(gatewayText);
  return { subnet, dynamic: parseInterval(text), ...(gateway && { gateway }) };
}
