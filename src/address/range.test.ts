import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseAddress } from "./address.ts";
import { cidrContains, cidrInterval, networkOf, parseCidr } from "./cidr.ts";
import { parseInterval } from "./interval-text.ts";
import { type Range, rangeOf, setsWithSubnetFor } from "./range.ts";
import { small, smallInterval } from "./testing/arbitraries.ts";

describe("the range of a set that an address belongs to", () => {
  const first = range("10.1.2.10-10.1.2.19", "10.1.2.1");
  const second = range("10.1.2.20-10.1.2.29", "10.1.2.2", "10.1.2.200-10.1.2.210");
  const set = { ranges: [first, second, range("10.1.3.10-10.1.3.20", "10.1.3.1", undefined, "10.1.3.0/24")] };
  const gatewayOf = (text: string) => rangeOf(set, parseAddress(text))?.gateway;

  test.each([
    ["10.1.2.10", "10.1.2.1", "the range gives it out"],
    ["10.1.2.29", "10.1.2.2", "the second range gives it out"],
    ["10.1.2.205", "10.1.2.2", "the second range keeps it for fixed addresses"],
    ["10.1.2.99", "10.1.2.1", "no range of its subnet names it: the first"],
    ["10.1.3.99", "10.1.3.1", "it lies in another subnet"],
  ])("%s has the gateway %s: %s", (address, gateway) => {
    expect(gatewayOf(address)).toEqual(parseAddress(gateway));
  });

  test("is none where no subnet of the set holds it", () => {
    expect(rangeOf(set, parseAddress("10.1.4.1"))).toBeUndefined();
    expect(rangeOf(set, parseAddress("fd00::1"))).toBeUndefined();
  });
});

function range(dynamic: string, gateway: string, fixed?: string, subnet = "10.1.2.0/24"): Range {
  return {
    subnet: parseCidr(subnet),
    dynamic: parseInterval(dynamic),
    ...(fixed !== undefined && { fixed: parseInterval(fixed) }),
    gateway: parseAddress(gateway),
  };
}

test("the sets that hold an interval are those of which one subnet holds all of it, each once and in order", () => {
  const subnet = fc.tuple(fc.nat(63), fc.integer({ min: 26, max: 32 })).map(([place, prefix]) => {
    const network = { address: networkOf({ address: small(place), prefix }), prefix };
    return { subnet: network, dynamic: cidrInterval(network) };
  });
  const sets = fc.array(
    fc.array(subnet, { maxLength: 5 }).map((ranges) => ({ ranges })),
    { maxLength: 4 },
  );
  fc.assert(
    fc.property(sets, smallInterval, (all, { first, last }) => {
      const holding = all.filter(({ ranges }) =>
        ranges.some((range) => cidrContains(range.subnet, first) && cidrContains(range.subnet, last)),
      );
      expect(setsWithSubnetFor(all, { first, last })).toEqual(holding);
    }),
  );
});
