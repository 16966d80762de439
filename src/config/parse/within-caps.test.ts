import { describe, expect, test } from "bun:test";
import { CAPS } from "../../address/caps.ts";
import { type Keys, parseIpam, refusalOf } from "../testing/parse.ts";

const SUBNET = { subnet: "10.0.0.0/8" };
const address = (index: number) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
const many = <T>(count: number, item: (index: number) => T) =>
  Array.from({ length: count }, (_, n) => item(n));
const range = (index: number) => ({ subnet: `172.${16 + (index >> 8)}.${index & 255}.0/24` });
const sets = (count: number) => many(count, (index) => [range(index)]);
const excluding = (count: number) => ({ ...range(0), exclude: many(count, () => "172.16.0.9") });
const ips = (count: number) => many(count, (index) => address(index + 256));

/** What has the number of `count`, the bound, and the key that a message names. */
const CASES: readonly [id: string, key: string, bound: number, (count: number) => [Keys, Keys?]][] = [
  ["C60", "ipam.ranges has 65 range sets", CAPS.rangeSets, (count) => [{ ranges: sets(count) }]],
  ["C61", "ipam.ranges has 1025 ranges", CAPS.ranges, (count) => [{ ranges: [many(count, range)] }]],
  [
    "C62",
    "runtimeConfig.ipRanges has 65 range sets",
    CAPS.rangeSets,
    (count) => [{}, { runtimeConfig: { ipRanges: sets(count) } }],
  ],
  [
    "C63",
    "ipam.exclude has 4097 entries",
    CAPS.exclusions,
    (count) => [{ ...SUBNET, exclude: many(count, (index) => address(index + 9)) }],
  ],
  ["C63", "ipam.exclude has 4097 entries", CAPS.exclusions, (count) => [{ ranges: [[excluding(count)]] }]],
  [
    "C64",
    "ipam.routes has 1025 routes",
    CAPS.routes,
    (count) => [{ ...SUBNET, routes: many(count, () => ({ dst: "0.0.0.0/0" })) }],
  ],
  [
    "C65",
    "runtimeConfig.ips has 1025 addresses",
    CAPS.listParts,
    (count) => [SUBNET, { runtimeConfig: { ips: ips(count) } }],
  ],
  [
    "C66",
    "args.cni.ips has 1025 addresses",
    CAPS.listParts,
    (count) => [SUBNET, { args: { cni: { ips: ips(count) } } }],
  ],
];

describe("CAPPED: a network's configuration", () => {
  test.each(CASES)("%s: %s, more than %i: error 7 that says both", (_id, message, bound, having) => {
    const parse = (count: number) => {
      const [ipam, top = {}] = having(count);
      return parseIpam(ipam, { top });
    };
    expect(() => parse(bound)).not.toThrow();
    const { code, message: said, details } = refusalOf(() => parse(bound + 1));
    expect(code).toBe(7);
    expect(said).toStartWith(message);
    expect(said).toEndWith(`more than ${bound}`);
    expect(details).not.toBe("");
  });

  test("C62: all range sets of a network count together, and all of their ranges", () => {
    const top = (count: number) => ({ runtimeConfig: { ipRanges: sets(count) } });
    const ranges = many(32, (index) => [range(100 + index)]);
    expect(() => parseIpam({ ...SUBNET, ranges }, { top: top(31) })).not.toThrow();
    expect(() => parseIpam({ ...SUBNET, ranges }, { top: top(32) })).toThrow(
      "ipam.subnet and ipam.ranges and runtimeConfig.ipRanges have 65 range sets, more than 64",
    );
    expect(() => parseIpam({ ...SUBNET, ranges: [many(1_024, range)] })).toThrow(
      "ipam.subnet and ipam.ranges have 1025 ranges, more than 1024",
    );
  });

  test("C63: all exclusions of a network count together", () => {
    const half = CAPS.exclusions / 2;
    const exclude = many(half + 1, (index) => address(index + 9));
    expect(() => parseIpam({ ranges: [[excluding(half)]], exclude })).toThrow("has 4097 entries");
  });

  test.each(["del", "gc"] as const)("C67: %s needs none of it, and ends what was given", (purpose) => {
    expect(parseIpam({ ranges: sets(CAPS.rangeSets + 1) }, { purpose }).network.name).toBe("net1");
  });

  test("the administrator's pools have no such bound", () => {
    const db = {
      ranges: [many(CAPS.ranges + 1, range)],
      exclude: many(CAPS.exclusions + 1, () => "172.16.0.9"),
    };
    const { network } = parseIpam({ pool: "db" }, { file: { pools: { db } } });
    expect(network.sets[0]?.ranges).toHaveLength(CAPS.ranges + 1);
  });
});
