import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { compareAddresses, parseAddress } from "../../address/address.ts";
import { cidrContains, formatCidr } from "../../address/cidr.ts";
import { whyNotAllowed } from "../../address/not-allowed.ts";
import { anyNetwork } from "../../address/testing/arbitraries.ts";
import { type Keys, parseIpam, refusalOf, showSets } from "../testing/parse.ts";

const setsOf = (ipam: Keys) => showSets(parseIpam(ipam));
const messageOf = (ipam: Keys) => refusalOf(() => parseIpam(ipam)).message;

describe("defaults", () => {
  test.each([
    ["10.1.2.0/24", "10.1.2.2-10.1.2.254 gateway 10.1.2.1"],
    ["10.1.2.0/30", "10.1.2.2 gateway 10.1.2.1"],
    ["10.0.0.0/8", "10.0.0.2-10.255.255.254 gateway 10.0.0.1"],
    ["2001:db8:1::/64", "2001:db8:1::2-2001:db8:1:0:ffff:ffff:ffff:ffff gateway 2001:db8:1::1"],
    ["2001:db8::/126", "2001:db8::2-2001:db8::3 gateway 2001:db8::1"],
  ])("C1-C3: %s", (subnet, rest) => {
    expect(setsOf({ subnet })).toEqual([[`${subnet} ${rest}`]]);
  });

  test("every usable subnet gives a range inside it, with the gateway before it", () => {
    fc.assert(
      fc.property(anyNetwork, (subnet) => {
        fc.pre(accepted({ subnet: formatCidr(subnet) }));
        const { network } = parseIpam({ subnet: formatCidr(subnet) });
        const [range] = network.sets.flatMap(({ ranges }) => ranges);
        if (range?.gateway === undefined) throw new Error("expected a range with a gateway");
        const { first, last } = range.dynamic;
        expect([first, last, range.gateway].every((address) => cidrContains(subnet, address))).toBe(true);
        expect(compareAddresses(range.gateway, first)).toBeLessThan(0);
        expect(compareAddresses(first, last)).toBeLessThanOrEqual(0);
      }),
    );
  });
});

test("the original's keys", () => {
  const ipam = {
    subnet: "10.188.0.0/16",
    fixedStart: "10.188.0.10",
    fixedEnd: "10.188.0.255",
    rangeStart: "10.188.1.0",
    rangeEnd: "10.188.255.254",
    gateway: "10.188.0.1",
  };
  expect(setsOf(ipam)).toEqual([
    ["10.188.0.0/16 10.188.1.0-10.188.255.254 fixed 10.188.0.10-10.188.0.255 gateway 10.188.0.1"],
  ]);
});

test.each(["none", ""])("gateway %j is none", (gateway) => {
  expect(setsOf({ subnet: "10.1.2.0/24", gateway })).toEqual([
    ["10.1.2.0/24 10.1.2.2-10.1.2.254 gateway none"],
  ]);
});

test("C9: rangeStart may equal rangeEnd", () => {
  expect(setsOf({ subnet: "192.0.2.0/24", rangeStart: "192.0.2.50", rangeEnd: "192.0.2.50" })).toEqual([
    ["192.0.2.0/24 192.0.2.50 gateway 192.0.2.1"],
  ]);
});

test("an IPv4-mapped subnet is IPv4", () => {
  expect(setsOf({ subnet: "::ffff:10.1.2.0/120", rangeStart: "::ffff:10.1.2.9" })).toEqual([
    ["10.1.2.0/24 10.1.2.9-10.1.2.254 gateway 10.1.2.1"],
  ]);
});

const SHAPE = 'a CIDR such as "10.1.2.0/24" or "2001:db8::/64", without leading zeros';
const ADDRESS = "an IP address without leading zeros";

describe("refusals", () => {
  test.each<[string, Keys, string]>([
    [
      "C4",
      { subnet: "10.1.2.0/31" },
      'ipam.subnet must be a subnet of /30 or larger (a /31 is too small: 2 addresses, none of them left for a pod), got "10.1.2.0/31"',
    ],
    [
      "C4",
      { subnet: "2001:db8::/127" },
      'ipam.subnet must be a subnet of /126 or larger (a /127 is too small: 2 addresses, none of them left for a pod), got "2001:db8::/127"',
    ],
    [
      "C5",
      { subnet: "192.168.127.0/23" },
      `ipam.subnet must be a network's address without host bits: 192.168.126.0/23, got "192.168.127.0/23"`,
    ],
    [
      "C5",
      { subnet: "2001:db8:24:19ff::/63" },
      `ipam.subnet must be a network's address without host bits: 2001:db8:24:19fe::/63, got "2001:db8:24:19ff::/63"`,
    ],
    [
      "C6",
      { subnet: "192.0.2.0/24", rangeStart: "192.0.3.0" },
      'ipam.rangeStart must be an address in the subnet 192.0.2.0/24, got "192.0.3.0"',
    ],
    [
      "C7",
      { subnet: "192.0.2.0/24", rangeEnd: "2001:db8::1" },
      'ipam.rangeEnd must be an address in the subnet 192.0.2.0/24, got "2001:db8::1"',
    ],
    [
      "C8",
      { subnet: "192.0.2.0/24", rangeStart: "192.0.2.50", rangeEnd: "192.0.2.40" },
      'ipam.rangeStart must be no higher than ipam.rangeEnd (192.0.2.40), got "192.0.2.50"',
    ],
    [
      "C12",
      { subnet: "10.1.2.0/24", gateway: "10.1.3.1" },
      'ipam.gateway must be an address in the subnet 10.1.2.0/24, got "10.1.3.1"',
    ],
    [
      "C12",
      { subnet: "10.1.2.0/24", gateway: "10.1.2.255" },
      `ipam.gateway must be a host address in 10.1.2.0/24, not the first or last, got "10.1.2.255"`,
    ],
    [
      "C13",
      { subnet: "10.1.2.0/24", gateway: "nonsense" },
      'ipam.gateway must be an IP address, or "none", got "nonsense"',
    ],
    [
      "C13",
      { subnet: "10.1.2.0/24", gateway: "2001:db8::1" },
      'ipam.gateway must be an address in the subnet 10.1.2.0/24, got "2001:db8::1"',
    ],
    ["C30", { subnet: "010.001.002.000/24" }, `ipam.subnet must be ${SHAPE}, got "010.001.002.000/24"`],
    [
      "C30",
      { subnet: "10.1.2.0/24", rangeStart: "10.1.2.010" },
      `ipam.rangeStart must be ${ADDRESS}, got "10.1.2.010"`,
    ],
    ["A29", { subnet: 5 }, `ipam.subnet must be ${SHAPE}, got 5`],
    [
      "fixed",
      { subnet: "10.1.2.0/24", fixedStart: "10.1.2.9" },
      "ipam.fixedEnd must be an address, as ipam.fixedStart is set, got nothing",
    ],
    [
      "fixed",
      { subnet: "10.1.2.0/24", fixedEnd: "10.1.2.9" },
      "ipam.fixedStart must be an address, as ipam.fixedEnd is set, got nothing",
    ],
    [
      "fixed",
      { subnet: "10.1.2.0/24", fixedStart: "10.1.2.9", fixedEnd: "10.1.2.8" },
      'ipam.fixedStart must be no higher than ipam.fixedEnd (10.1.2.8), got "10.1.2.9"',
    ],
    [
      "fixed",
      { subnet: "10.1.2.0/24", fixedStart: "10.1.3.1", fixedEnd: "10.1.3.9" },
      'ipam.fixedStart must be an address in the subnet 10.1.2.0/24, got "10.1.3.1"',
    ],
  ])("%s: %j", (_id, ipam, message) => {
    expect(refusalOf(() => parseIpam(ipam))).toMatchObject({ code: 7, message });
  });

  test.each([
    ["0.0.0.0/0", "unspecified addresses (0.0.0.0/8)"],
    ["0.0.0.0/8", "unspecified addresses (0.0.0.0/8)"],
    ["127.0.0.0/8", "loopback addresses (127.0.0.0/8)"],
    ["127.5.0.0/16", "loopback addresses (127.0.0.0/8)"],
    ["224.0.0.0/4", "multicast addresses (224.0.0.0/4)"],
    ["239.1.2.0/24", "multicast addresses (224.0.0.0/4)"],
    ["255.255.255.0/24", "the limited broadcast address (255.255.255.255/32)"],
    ["::/64", "the unspecified address (::/128)"],
    ["ff00::/8", "multicast addresses (ff00::/8)"],
    ["ff05::/16", "multicast addresses (ff00::/8)"],
    ["::fffe:0:0/95", "IPv4-mapped addresses (::ffff:0:0/96)"],
  ])("C32: %s", (subnet, block) => {
    expect(messageOf({ subnet })).toBe(`ipam.subnet must be a subnet without ${block}, got "${subnet}"`);
  });
});

describe("warnings", () => {
  test.each<[string, Keys, string[]]>([
    [
      "C32",
      { subnet: "169.254.0.0/16" },
      ["ipam.subnet 169.254.0.0/16 is link-local: other software picks such addresses too"],
    ],
    [
      "C32",
      { subnet: "fe80::/64" },
      ["ipam.subnet fe80::/64 is link-local: other software picks such addresses too"],
    ],
    [
      "C10",
      { subnet: "10.1.2.0/24", rangeStart: "10.1.2.0", rangeEnd: "10.1.2.255" },
      [
        "ipam.rangeStart is the network address of 10.1.2.0/24, which is never given out",
        "ipam.rangeEnd is the broadcast address of 10.1.2.0/24, which is never given out",
      ],
    ],
    [
      "C10",
      { subnet: "2001:db8::/64", rangeStart: "2001:db8::" },
      ["ipam.rangeStart is the subnet-router anycast address of 2001:db8::/64, which is never given out"],
    ],
    [
      "unknown",
      { subnet: "10.1.2.0/24", colour: 2, ranges: [[{ subnet: "10.1.3.0/24", colour: 1 }]] },
      ["ipam.colour is not known and is ignored", "ipam.ranges[0][0].colour is not known and is ignored"],
    ],
    ["none", { subnet: "10.1.2.0/24", name: "kube-subnet" }, []],
  ])("%s: %j", (_id, ipam, warnings) => {
    expect([...parseIpam(ipam).warnings]).toEqual(warnings);
  });
});

function accepted(ipam: Keys): boolean {
  try {
    parseIpam(ipam);
    return true;
  } catch {
    return false;
  }
}

describe("a link-local gateway", () => {
  test.each(["fe80::1", "fe80::ffff:1", "febf:ffff::1"])("G20: %s is any IPv6 subnet's", (gateway) => {
    const parsed = parseIpam({ subnet: "2001:db8:5:333::/64", gateway });
    expect(showSets(parsed)).toEqual([
      [`2001:db8:5:333::/64 2001:db8:5:333::2-2001:db8:5:333:ffff:ffff:ffff:ffff gateway ${gateway}`],
    ]);
    expect(whyNotAllowed(parsed.network, parseAddress("2001:db8:5:333::1"))).toBeUndefined();
  });

  test.each([
    ["10.1.2.0/24", "fe80::1", ""],
    [
      "10.1.2.0/24",
      "169.254.1.1",
      '{"dst": "169.254.1.1/32", "scope": 253}, {"dst": "0.0.0.0/0", "gw": "169.254.1.1"}',
    ],
    ["2001:db8::/64", "fec0::1", '{"dst": "fec0::1/128", "scope": 253}, {"dst": "::/0", "gw": "fec0::1"}'],
    ["203.0.113.16/29", "203.0.113.1", '"gateway": "none"'],
  ])("G21: of %s, %s is refused with the way out", (subnet, gateway, way) => {
    const { code, message, details } = refusalOf(() => parseIpam({ subnet, gateway }));
    expect(code).toBe(7);
    expect(message).toStartWith(`ipam.gateway must be an address in the subnet ${subnet}`);
    expect(details).toContain(way);
    expect(details === "").toBe(way === "");
  });

  test("G22: a zone names an interface, and has no place in a configuration", () => {
    const ipam = { subnet: "2001:db8::/64", gateway: "fe80::1%eth0" };
    const expected = 'must be an IP address without a zone ("%eth0")';
    expect(refusalOf(() => parseIpam(ipam)).message).toBe(
      `ipam.gateway ${expected}, or "none", got "fe80::1%eth0"`,
    );
    const routes = [{ dst: "::/0", gw: "fe80::1%eth0" }];
    expect(refusalOf(() => parseIpam({ subnet: "2001:db8::/64", routes })).message).toBe(
      `ipam.routes[0].gw ${expected}, got "fe80::1%eth0"`,
    );
  });
});
