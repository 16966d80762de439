import { describe, expect, test } from "bun:test";
import { formatCidr } from "../../address/cidr.ts";
import { type Keys, parseIpam, refusalOf } from "../testing/parse.ts";

const SUBNET = { subnet: "10.1.2.0/24" };
const check = (prevResult: unknown) => parseIpam(SUBNET, { top: { prevResult } as Keys, purpose: "check" });
const shown = (prevResult: unknown) => check(prevResult).prevResultIps?.map(formatCidr);

describe("the shape of every version", () => {
  test.each([
    [
      "1.0.0",
      { ips: [{ address: "10.1.2.2/24", interface: 0 }, { address: "2001:DB8::2/64" }] },
      ["10.1.2.2/24", "2001:db8::2/64"],
    ],
    ["0.3.1", { ips: [{ version: "4", address: "10.1.2.2/24" }] }, ["10.1.2.2/24"]],
    [
      "0.2.0",
      { ip4: { ip: "10.1.2.2/24" }, ip6: { ip: "2001:db8::2/64" } },
      ["10.1.2.2/24", "2001:db8::2/64"],
    ],
    ["0.2.0", { ip6: { ip: "2001:db8::2/64" }, dns: {} }, ["2001:db8::2/64"]],
    ["none", { ips: null, interfaces: [] }, []],
    ["none", {}, []],
  ])("%s: %j", (_version, prevResult, expected) => expect(shown(prevResult)).toEqual(expected));
});

test("E15: without prevResult there is nothing to compare", () => {
  for (const prevResult of [undefined, null]) {
    expect("prevResultIps" in check(prevResult)).toBe(false);
  }
});

test("C36: its keys are read in any case", () => {
  const ips = [{ Address: "10.1.2.3/24" }];
  const checked = parseIpam(SUBNET, { top: { PrevResult: { IPs: ips } }, purpose: "check" });
  expect(checked.prevResultIps).toEqual(check({ ips: [{ address: "10.1.2.3/24" }] }).prevResultIps);
});

describe("what cannot be read", () => {
  const cidr = 'an address with its prefix length such as "10.1.2.3/24"';
  test.each([
    ["x", 'prevResult must be a result object {…}, got "x"'],
    [{ ips: {} }, 'prevResult.ips must be a list of {"address": …}, got {}'],
    [{ ips: [{ address: "10.1.2.2" }] }, `prevResult.ips[0].address must be ${cidr}, got "10.1.2.2"`],
    [{ ips: [{ address: "10.1.2.2/24" }, null] }, `prevResult.ips[1].address must be ${cidr}, got nothing`],
    [{ ip4: { ip: 5 } }, `prevResult.ip4.ip must be ${cidr}, got 5`],
  ])("%j", (prevResult, message) => {
    expect(refusalOf(() => check(prevResult))).toEqual({ code: 7, message, details: "" });
  });

  test("only CHECK looks", () => {
    for (const purpose of ["add", "del", "gc", "status"] as const) {
      const configuration = parseIpam(SUBNET, { top: { prevResult: "x" }, purpose });
      expect("prevResultIps" in configuration).toBe(false);
    }
  });
});
