import { describe, expect, test } from "bun:test";
import { formatAddress } from "../../address/address.ts";
import { formatCidr } from "../../address/cidr.ts";
import { parseIpam, refusalOf } from "../testing/parse.ts";

const parseRoutes = (routes: unknown) => parseIpam({ subnet: "10.1.2.0/24", routes });
const shown = (routes: unknown) =>
  parseRoutes(routes).routes.map(({ dst, gw, ...rest }) => ({
    dst: formatCidr(dst),
    ...(gw && { gw: formatAddress(gw) }),
    ...rest,
  }));

const NETWORK = 'a CIDR such as "10.1.2.0/24" or "2001:db8::/64", without leading zeros';
const COUNT = "an integer from 0 to 4294967295";

test("there need not be any", () => {
  expect(parseIpam({ subnet: "10.1.2.0/24" }).routes).toEqual([]);
  expect(shown([])).toEqual([]);
});

describe("what passes", () => {
  test.each([
    ["G1", { dst: "0.0.0.0/0" }, { dst: "0.0.0.0/0" }],
    ["G2", { dst: "10.9.0.0/16", gw: "10.1.2.9" }, { dst: "10.9.0.0/16", gw: "10.1.2.9" }],
    ["G2", { dst: "10.9.0.0/16", gw: "" }, { dst: "10.9.0.0/16" }],
    ["G3", { dst: "10.9.1.1/16" }, { dst: "10.9.0.0/16" }],
    [
      "G6",
      { dst: "10.9.0.0/16", mtu: 1400, advmss: 1360, priority: 100, table: 0, scope: 253 },
      { dst: "10.9.0.0/16", mtu: 1400, advmss: 1360, priority: 100, table: 0, scope: 253 },
    ],
  ])("%s: %j", (_id, route, expected) => {
    expect<object[]>(shown([route])).toEqual([expected]);
  });
});

describe("what is refused", () => {
  test.each([
    ["G4", [{ gw: "10.1.2.9" }], 'ipam.routes[0].dst must be a CIDR such as "0.0.0.0/0", got nothing'],
    ["G4", [{ dst: "" }], `ipam.routes[0].dst must be ${NETWORK}, got ""`],
    [
      "G4",
      [{ dst: "0.0.0.0/0" }, { dst: "10.9.0.0" }],
      `ipam.routes[1].dst must be ${NETWORK}, got "10.9.0.0"`,
    ],
    ["G4", [{ dst: "10.9.0.0/16", gw: "x" }], 'ipam.routes[0].gw must be an IP address, got "x"'],
    [
      "G5",
      [{ dst: "10.9.0.0/16", gw: "fd00::1" }],
      'ipam.routes[0].gw must be an IPv4 address, as dst is 10.9.0.0/16, got "fd00::1"',
    ],
    ["G8", [{ dst: "10.9.0.0/16", mtu: -1 }], `ipam.routes[0].mtu must be ${COUNT}, got -1`],
    ["G8", [{ dst: "10.9.0.0/16", advmss: 1.5 }], `ipam.routes[0].advmss must be ${COUNT}, got 1.5`],
    ["G8", [{ dst: "10.9.0.0/16", priority: "9" }], `ipam.routes[0].priority must be ${COUNT}, got "9"`],
    [
      "G8",
      [{ dst: "10.9.0.0/16", table: 4294967296 }],
      `ipam.routes[0].table must be ${COUNT}, got 4294967296`,
    ],
    [
      "G8",
      [{ dst: "10.9.0.0/16", scope: 256 }],
      "ipam.routes[0].scope must be an integer from 0 to 255, got 256",
    ],
    ["A29", "x", 'ipam.routes must be a list of routes {"dst": …}, got "x"'],
    ["A29", ["x"], 'ipam.routes[0] must be an object {…}, got "x"'],
  ])("%s: %j", (_id, routes, message) => {
    expect(refusalOf(() => parseRoutes(routes))).toEqual({ code: 7, message, details: "" });
  });
});

describe("what is worth a warning", () => {
  test("G9: a route of a family that the network does not give", () => {
    expect(parseRoutes([{ dst: "0.0.0.0/0" }, { dst: "::/0" }]).warnings).toEqual([
      "ipam.routes[1] is for IPv6, but this network gives no address of that family: the main plugin may refuse it",
    ]);
  });

  test("an unknown key", () => {
    expect(parseRoutes([{ dst: "0.0.0.0/0", MTU: 9, mtus: 9, via: "x" }]).warnings).toEqual([
      "ipam.routes[0].mtus is not known and is ignored: did you mean mtu?",
      "ipam.routes[0].via is not known and is ignored",
    ]);
  });
});
