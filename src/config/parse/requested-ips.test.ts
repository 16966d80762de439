import { describe, expect, test } from "bun:test";
import { formatAddress } from "../../address/address.ts";
import { type Keys, parseIpam, refusalOf } from "../testing/parse.ts";
import { parseCniArgs } from "./cni-args.ts";
import { requestedIps } from "./requested-ips.ts";

const DUAL = { ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "2001:db8:1::/64" }]] };
const EXPECTED = 'an address such as "10.1.2.3", or with the prefix length of its subnet';

const ask = (top: Keys, args = "") => requestedIps(parseIpam(DUAL, { top }), parseCniArgs(args));
const shown = (top: Keys, args = "") =>
  ask(top, args).map(({ address, source }) => `${formatAddress(address)} ${source}`);

describe("D5: the last named wins", () => {
  const args = { cni: { ips: ["10.1.2.88"] } };
  const runtimeConfig = { ips: ["10.1.2.77"] };
  test.each<[Keys, string, string[]]>([
    [{ args, runtimeConfig }, "IP=10.1.2.99", ["10.1.2.77 runtimeConfig.ips"]],
    [{ args }, "IP=10.1.2.99", ["10.1.2.88 args.cni.ips"]],
    [{ args, runtimeConfig: { ips: [] } }, "IP=10.1.2.99", ["10.1.2.88 args.cni.ips"]],
    [{ args, runtimeConfig: { ips: null } }, "", ["10.1.2.88 args.cni.ips"]],
    [{ args: { cni: { ips: [] } } }, "IP=10.1.2.99", ["10.1.2.99 CNI_ARGS IP"]],
    [{ args: null, runtimeConfig: null }, "IP=10.1.2.99", ["10.1.2.99 CNI_ARGS IP"]],
    [{ args: { cni: null } }, "", []],
    [{}, "", []],
  ])("%j %s", (top, cniArgs, expected) => expect(shown(top, cniArgs)).toEqual(expected));
});

describe("D22: each fills the range sets that a stronger one does not name", () => {
  const v4 = ["10.1.2.7"];
  const v6 = ["2001:db8:1::7"];
  const args = (ips: readonly string[]) => ({ cni: { ips } });
  test.each<[Keys, string, string[]]>([
    [
      { runtimeConfig: { ips: v6 } },
      "IP=10.1.2.9",
      ["2001:db8:1::7 runtimeConfig.ips", "10.1.2.9 CNI_ARGS IP"],
    ],
    [{ args: args(v4) }, "IP=2001:db8:1::9", ["10.1.2.7 args.cni.ips", "2001:db8:1::9 CNI_ARGS IP"]],
    [
      { args: args(v4), runtimeConfig: { ips: v6 } },
      "",
      ["2001:db8:1::7 runtimeConfig.ips", "10.1.2.7 args.cni.ips"],
    ],
    [
      { runtimeConfig: { ips: v4 } },
      "IP=10.1.2.9,2001:db8:1::9",
      ["10.1.2.7 runtimeConfig.ips", "2001:db8:1::9 CNI_ARGS IP"],
    ],
    [{ runtimeConfig: { ips: v4 } }, "IP=10.8.0.1", ["10.1.2.7 runtimeConfig.ips", "10.8.0.1 CNI_ARGS IP"]],
  ])("%j %s", (top, cniArgs, expected) => expect(shown(top, cniArgs)).toEqual(expected));
});

test("D3: one per set, in the order given; the same address twice is one wish", () => {
  const ips = ["2001:DB8:1:0::999", "10.1.2.88", "::ffff:10.1.2.88", "2001:db8:1::999/64"];
  expect(shown({ args: { cni: { ips } } })).toEqual([
    "2001:db8:1::999 args.cni.ips",
    "10.1.2.88 args.cni.ips",
  ]);
});

describe("D2: a prefix length must be the subnet's", () => {
  test("it may be", () => {
    expect(ask({ runtimeConfig: { ips: ["10.1.2.88/24"] } })).toMatchObject([{ prefix: 24 }]);
  });

  test.each<[Keys, string, string]>([
    [
      { runtimeConfig: { ips: ["10.1.2.88/16"] } },
      "",
      'runtimeConfig.ips must be an address without prefix length, or with /24 (subnet 10.1.2.0/24), got "10.1.2.88/16"',
    ],
    [
      {},
      "IP=2001:db8:1::5/48",
      'CNI_ARGS IP must be an address without prefix length, or with /64 (subnet 2001:db8:1::/64), got "2001:db8:1::5/48"',
    ],
  ])("%j %s", (top, args, message) => {
    expect(refusalOf(() => ask(top, args))).toEqual({ code: 7, message, details: "" });
  });

  test("outside every subnet it is not judged here: error 102 says more", () => {
    expect(ask({}, "IP=10.9.9.9/8")).toMatchObject([{ prefix: 8 }]);
  });
});

describe("D14: what cannot be read is not 'no wish'", () => {
  test.each([
    [["999.1.1.1"], `ips[0] must be ${EXPECTED}, got "999.1.1.1"`],
    [[""], `ips[0] must be ${EXPECTED}, got ""`],
    [[null], `ips[0] must be ${EXPECTED}, got null`],
    [[7], `ips[0] must be ${EXPECTED}, got 7`],
    ["10.1.2.3", 'ips must be a list of addresses, got "10.1.2.3"'],
    [{}, "ips must be a list of addresses, got {}"],
  ])("%j", (ips, message) => {
    expect(refusalOf(() => ask({ runtimeConfig: { ips } }))).toMatchObject({
      code: 7,
      message: `runtimeConfig.${message}`,
    });
    expect(refusalOf(() => ask({ args: { cni: { ips } } }))).toMatchObject({
      code: 7,
      message: `args.cni.${message}`,
    });
  });

  test.each([
    [{ runtimeConfig: "x" }, 'runtimeConfig must be an object {…}, got "x"'],
    [{ args: [] }, "args must be an object {…}, got []"],
    [{ args: { cni: "ips" } }, 'args.cni must be an object {…}, got "ips"'],
  ])("%j", (top, message) => {
    expect(refusalOf(() => ask(top))).toEqual({ code: 7, message, details: "" });
  });
});

test("A28: whatever else args and runtimeConfig hold is not ours", () => {
  const top = { args: { cni: { mac: 5 }, labels: [] }, runtimeConfig: { mac: [] } };
  expect(parseIpam(DUAL, { top }).warnings).toEqual([]);
});

test("only an ADD asks for addresses", () => {
  const top = { runtimeConfig: { ips: ["nonsense"] } };
  for (const purpose of ["check", "del", "gc", "status"] as const) {
    expect(parseIpam(DUAL, { top, purpose }).requestedIps).toEqual([]);
  }
});
