import { describe, expect, test } from "bun:test";
import { parseCidr } from "../../address/cidr.ts";
import { formatInterval } from "../../address/interval-text.ts";
import { counted, growth } from "../../address/testing/counted.ts";
import { type Keys, parseIpam, refusalOf, showSets } from "../testing/parse.ts";
import { disjointSets } from "./range-sets.ts";

const A = { subnet: "10.1.2.0/24" };
const B = { subnet: "10.1.3.0/24" };
const SIX = { subnet: "2001:db8:1::/64" };

const subnetsOf = (ipam: Keys, top: Keys = {}) =>
  showSets(parseIpam(ipam, { top })).map((set) => set.map((text) => text.split(" ")[0]).join(" or "));

describe("the order of the sets is that of the result", () => {
  test.each<[string, Keys, Keys, string[]]>([
    ["C15", { ranges: [[A], [B]] }, {}, ["10.1.2.0/24", "10.1.3.0/24"]],
    ["C16", { ranges: [[A, B]] }, {}, ["10.1.2.0/24 or 10.1.3.0/24"]],
    ["C26", { ...A, ranges: [[SIX]] }, {}, ["10.1.2.0/24", "2001:db8:1::/64"]],
    [
      "B15, D18",
      { ...A, ranges: [[SIX]] },
      { runtimeConfig: { ipRanges: [[B], [{ subnet: "10.1.4.0/24" }]] } },
      ["10.1.3.0/24", "10.1.4.0/24", "10.1.2.0/24", "2001:db8:1::/64"],
    ],
    ["D18", { type: "kube-ipam" }, { runtimeConfig: { ipRanges: [[B]] } }, ["10.1.3.0/24"]],
    ["D18", A, { runtimeConfig: { ipRanges: [] } }, ["10.1.2.0/24"]],
    ["C20", { ...A, ranges: [] }, {}, ["10.1.2.0/24"]],
  ])("%s: %j", (_id, ipam, top, expected) => {
    expect(subnetsOf(ipam, top)).toEqual(expected);
  });
});

test("C25: neighbours in one subnet are no overlap", () => {
  const ranges = [
    [
      { ...A, rangeEnd: "10.1.2.127" },
      { ...A, rangeStart: "10.1.2.128" },
    ],
  ];
  expect(showSets(parseIpam({ ranges }))).toEqual([
    [
      "10.1.2.0/24 10.1.2.2-10.1.2.127 gateway 10.1.2.1",
      "10.1.2.0/24 10.1.2.128-10.1.2.254 gateway 10.1.2.1",
    ],
  ]);
});

const NARROW = "narrow one of them with rangeStart and rangeEnd, or remove it";

describe("refusals", () => {
  test.each<[string, Keys, Keys, string, string]>([
    [
      "C20",
      { ranges: [] },
      {},
      'ipam names no addresses: expected "subnet", "ranges" or "pool"',
      'for example "subnet": "10.1.2.0/24"',
    ],
    ["C21", { ranges: [[]] }, {}, "ipam.ranges[0] must be a range set with at least one range, got []", ""],
    ["A29", { ranges: {} }, {}, 'ipam.ranges must be a list of range sets [[{"subnet": …}]], got {}', ""],
    [
      "A29",
      { ranges: [A] },
      {},
      'ipam.ranges[0] must be a list of ranges {"subnet": …}, got {"subnet":"10.1.2.0/24"}',
      "",
    ],
    ["A29", { ranges: [[null]] }, {}, "ipam.ranges[0][0] must be an object {…}, got null", ""],
    [
      "subnet",
      { ranges: [[{ rangeStart: "10.1.2.9" }]] },
      {},
      'ipam.ranges[0][0].subnet must be a subnet such as "10.1.2.0/24", got nothing',
      "",
    ],
    [
      "C22",
      { ranges: [[A, SIX]] },
      {},
      "ipam.ranges[0] mixes address families: all subnets of a range set must be IPv4, or all IPv6",
      "each range set gives one address: for dual stack, write one set for IPv4 and one for IPv6",
    ],
    [
      "C23",
      { ranges: [[{ subnet: "10.1.0.0/22" }, A]] },
      {},
      "ipam.ranges[0][0] overlaps with ipam.ranges[0][1]: 10.1.0.2-10.1.3.254 and 10.1.2.2-10.1.2.254 share addresses",
      NARROW,
    ],
    [
      "C24",
      { ranges: [[{ subnet: "10.1.0.0/22" }], [A]] },
      {},
      "ipam.ranges[0][0] overlaps with ipam.ranges[1][0]: 10.1.0.2-10.1.3.254 and 10.1.2.2-10.1.2.254 share addresses",
      NARROW,
    ],
    [
      "C25",
      { ranges: [[{ ...A, rangeEnd: "10.1.2.127" }], [{ ...A, rangeStart: "10.1.2.127" }]] },
      {},
      "ipam.ranges[0][0] overlaps with ipam.ranges[1][0]: 10.1.2.2-10.1.2.127 and 10.1.2.127-10.1.2.254 share addresses",
      NARROW,
    ],
    [
      "C26",
      { ...A, ranges: [[A]] },
      {},
      "ipam overlaps with ipam.ranges[0][0]: 10.1.2.2-10.1.2.254 and 10.1.2.2-10.1.2.254 share addresses",
      NARROW,
    ],
    [
      "D18",
      A,
      { runtimeConfig: { ipRanges: [[{ subnet: "10.1.2.0/25" }]] } },
      "runtimeConfig.ipRanges[0][0] overlaps with ipam: 10.1.2.2-10.1.2.126 and 10.1.2.2-10.1.2.254 share addresses",
      NARROW,
    ],
    [
      "D18",
      A,
      { runtimeConfig: { ipRanges: [[{ subnet: "10.1.9.9/24" }]] } },
      `runtimeConfig.ipRanges[0][0].subnet must be a network's address without host bits: 10.1.9.0/24, got "10.1.9.9/24"`,
      "",
    ],
    [
      "D18",
      A,
      { runtimeConfig: { ipRanges: "10.1.9.0/24" } },
      'runtimeConfig.ipRanges must be a list of range sets [[{"subnet": …}]], got "10.1.9.0/24"',
      "",
    ],
    [
      "fixed",
      {
        ranges: [
          [{ ...A, rangeEnd: "10.1.2.99", fixedStart: "10.1.2.90", fixedEnd: "10.1.2.110" }],
          [{ ...A, rangeStart: "10.1.2.100" }],
        ],
      },
      {},
      "the fixed part 10.1.2.90-10.1.2.110 of ipam.ranges[0][0] overlaps with ipam.ranges[1][0], which gives out 10.1.2.100-10.1.2.254",
      "move fixedStart and fixedEnd, or narrow the other range with rangeStart and rangeEnd",
    ],
    [
      "B6",
      { ranges: [[A], [SIX], [B]] },
      { cniVersion: "0.2.0" },
      "cniVersion 0.2.0 has room for one address per family, but 2 range sets are IPv4",
      'set "cniVersion": "0.3.1" or later, or put the ranges into one set, where they are fallbacks of each other',
    ],
    [
      "B6",
      { ranges: [[A], [B]] },
      { cniVersion: undefined },
      "cniVersion 0.1.0 has room for one address per family, but 2 range sets are IPv4",
      'set "cniVersion": "0.3.1" or later, or put the ranges into one set, where they are fallbacks of each other',
    ],
  ])("%s: %j %j", (_id, ipam, top, message, details) => {
    expect(refusalOf(() => parseIpam(ipam, { top }))).toEqual({ code: 7, message, details });
  });
});

test("B6: one set per family fits 0.2.0", () => {
  expect(subnetsOf({ ranges: [[A, B], [SIX]] }, { cniVersion: "0.2.0" })).toEqual([
    "10.1.2.0/24 or 10.1.3.0/24",
    "2001:db8:1::/64",
  ]);
});

test("C45: keys of a range without their subnet are refused; CHECK goes on with a warning", () => {
  const ipam = { gateway: "10.1.2.9", rangeStart: "10.1.2.8", ranges: [[A]] };
  const message = "ipam.subnet is not set, so ipam.rangeStart, ipam.gateway would not count";
  expect(refusalOf(() => parseIpam(ipam))).toMatchObject({ code: 7, message });
  const checked = parseIpam(ipam, { purpose: "check" });
  expect(showSets(checked)).toEqual(showSets(parseIpam({ ranges: [[A]] })));
  expect(checked.warnings).toEqual([`${message}; ignored, as this operation does not need it`]);
});

describe("C42: exclude inside a range", () => {
  const excludedBy = (ipam: Keys, top: Keys = {}) =>
    parseIpam(ipam, { top }).network.exclude.map((interval) => formatInterval(interval));

  test("counts within the subnet of that range, beside what ipam excludes", () => {
    const first = { ...A, exclude: ["10.1.2.8/30", "10.0.0.0-10.1.2.3", "10.1.2.250-10.9.0.0"] };
    const ranges = [[first, { ...B, exclude: ["10.1.3.9"] }], [{ ...SIX, exclude: ["2001:db8::/32"] }]];
    expect(excludedBy({ exclude: ["10.1.3.7"], ranges })).toEqual([
      "10.1.3.7",
      "10.1.2.8-10.1.2.11",
      "10.1.2.0-10.1.2.3",
      "10.1.2.250-10.1.2.255",
      "10.1.3.9",
      "2001:db8:1::-2001:db8:1:0:ffff:ffff:ffff:ffff",
    ]);
  });

  test("counts in what the runtime hands over, and in a pool", () => {
    const ranges = [[{ ...B, exclude: ["10.1.3.9"] }]];
    expect(excludedBy(A, { runtimeConfig: { ipRanges: ranges } })).toEqual(["10.1.3.9"]);
    const { network } = parseIpam(
      { pool: "db" },
      { file: { pools: { db: { ranges, exclude: ["10.1.3.8"] } } } },
    );
    expect(network.exclude.map((interval) => formatInterval(interval))).toEqual(["10.1.3.8", "10.1.3.9"]);
  });

  test.each(["10.1.3.9", "2001:db8:1::9", "10.1.3.0/24"])(
    "is refused where %s lies elsewhere",
    (elsewhere) => {
      expect(
        refusalOf(() => parseIpam({ ranges: [[{ ...A, exclude: ["10.1.2.9", elsewhere] }, B]] })),
      ).toEqual({
        code: 7,
        message: expect.stringMatching(
          /^ipam\.ranges\[0\]\[0\]\.exclude\[1\] must be in the range's own subnet, 10\.1\.2\.0\/24, got "/,
        ),
        details: 'what else nobody may get belongs into the "exclude" of "ipam"',
      });
    },
  );
});

describe("exclude", () => {
  const shape = 'an address, a CIDR ("10.1.2.8/29") or a range ("10.1.2.10-10.1.2.20")';

  test("takes addresses, networks and ranges", () => {
    const exclude = ["10.1.2.20", "10.1.2.8/29", "10.1.2.30-10.1.2.40", "2001:db8::/33"];
    expect(parseIpam({ ...A, exclude }).network.exclude.map(formatInterval)).toEqual([
      "10.1.2.20",
      "10.1.2.8-10.1.2.15",
      "10.1.2.30-10.1.2.40",
      "2001:db8::-2001:db8:7fff:ffff:ffff:ffff:ffff:ffff",
    ]);
  });

  test.each([
    [["10.1.2.300"], `ipam.exclude[0] must be ${shape}, got "10.1.2.300"`],
    [["10.1.2.3", null], `ipam.exclude[1] must be ${shape}, got null`],
    [["10.1.2.9-10.1.2.3"], `ipam.exclude[0] must be ${shape}, got "10.1.2.9-10.1.2.3"`],
    ["10.1.2.3", 'ipam.exclude must be a list of addresses, networks and ranges, got "10.1.2.3"'],
  ])("C28: %j", (exclude, message) => {
    expect(refusalOf(() => parseIpam({ ...A, exclude }))).toMatchObject({ code: 7, message });
  });
});

test("thousands of ranges of a pool are compared", () => {
  const ranges = Array.from({ length: 4_000 }, (_, index) => {
    const subnet = `10.${64 + (index >> 8)}.${index & 255}`;
    return { subnet: `${subnet}.0/24`, fixedStart: `${subnet}.9`, fixedEnd: `${subnet}.20` };
  });
  const { network } = parseIpam({ pool: "db" }, { file: { pools: { db: { ranges: [ranges] } } } });
  expect(network.sets[0]?.ranges).toHaveLength(4_000);
});

test("CAPPED: ranges of one subnet, and their fixed parts, are compared in about linear time", () => {
  const work = (size: number) => {
    const { interval, looks } = counted();
    const set = Array.from({ length: size }, (_, index) => {
      const dynamic = interval(BigInt(10 + 4 * index), BigInt(12 + 4 * index));
      // Each fixed part overlaps all ranges of its own set.
      const fixed = interval(9n, BigInt(4 * size + 20));
      const range = { subnet: parseCidr("0.0.0.0/8"), dynamic, fixed };
      return { path: `[0][${index}]`, range, exclude: [] };
    });
    disjointSets([set]);
    return looks();
  };
  expect(growth(work, 400)).toBeLessThan(2.5);
});
