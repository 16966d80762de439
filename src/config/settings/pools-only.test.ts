import { describe, expect, test } from "bun:test";
import { FILE, type Keys, parseIpam, refusalOf, showSets } from "../testing/parse.ts";

const pools = { a: { subnets: ["10.76.0.0/24"] }, b: { subnets: ["10.77.0.0/24"] } };
const OWN: readonly (readonly [Keys, Keys, string])[] = [
  [{ subnet: "10.1.2.0/24" }, {}, "ipam.subnet"],
  [{ Subnet: "10.1.2.0/24", gateway: "none" }, {}, "ipam.subnet, ipam.gateway"],
  [{ ranges: [[{ subnet: "10.1.2.0/24" }]] }, {}, "ipam.ranges"],
  [{}, { runtimeConfig: { ipRanges: [[{ subnet: "10.1.2.0/24" }]] } }, "runtimeConfig.ipRanges"],
];

describe("where networks may use pools only", () => {
  test.each(OWN)("C104: %j %j is refused, and the pools are named", (ipam, top, keys) => {
    expect(refusalOf(() => parseIpam(ipam, { file: { pools, poolsOnly: true }, top }))).toEqual({
      code: 7,
      message: `${keys} is not allowed: ${FILE} lets networks use its pools only (poolsOnly)`,
      details: `write "pool": "a" or "b" instead of ${keys}`,
    });
  });

  test("C104: a network that names nothing is told the same, and many pools are not all named", () => {
    const many = Object.fromEntries(
      Array.from({ length: 12 }, (_, index) => [`p${index}`, { subnets: [`10.80.${index}.0/24`] }]),
    );
    const { message, details } = refusalOf(() => parseIpam({}, { file: { pools: many, poolsOnly: true } }));
    expect(message).toStartWith("a network without ipam.pool is not allowed");
    expect(details).toEndWith('or "p9" or one of 2 more');
    expect(
      refusalOf(() => parseIpam({ subnet: "10.1.2.0/24" }, { file: { poolsOnly: true } })).details,
    ).toContain("defines no pool yet");
  });

  test("C105: a pool is fine, and without the switch so are subnets", () => {
    expect(showSets(parseIpam({ pool: "a" }, { file: { pools, PoolsOnly: true } }))).toHaveLength(1);
    for (const file of [{ pools, poolsOnly: false }, { pools }, { pools, poolsOnly: null }])
      expect(showSets(parseIpam({ subnet: "10.1.2.0/24" }, { file }))).toHaveLength(1);
  });

  test("C106: DEL, GC and CHECK go on", () => {
    const top = { "cni.dev/valid-attachments": [] };
    for (const purpose of ["del", "gc", "check"] as const)
      for (const [ipam] of OWN.slice(0, 3))
        expect(() => parseIpam(ipam, { file: { pools, poolsOnly: true }, purpose, top })).not.toThrow();
  });
});

test.each([{ poolsOnly: true }, { poolsonly: false }, { pools_only: true }])(
  "C107: a network that sets %j is told where it belongs",
  (key) => {
    const { code, message } = refusalOf(() => parseIpam({ subnet: "10.1.2.0/24", ...key }));
    expect(code).toBe(7);
    expect(message).toMatch(
      /^ipam\.\S+ does not count where it stands: poolsOnly belongs into the node's file$/,
    );
  },
);

test("C107: a wrong value names the key", () => {
  expect(refusalOf(() => parseIpam({ pool: "a" }, { file: { pools, poolsOnly: "yes" } })).message).toBe(
    `${FILE}: poolsOnly must be true or false, got "yes"`,
  );
});
