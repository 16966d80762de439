import fc from "fast-check";
import { address, count, json, range, subnet, text } from "./hostile.ts";

/** Specs of pools of the cluster, which whoever may write pools writes. */

const host = fc.integer({ min: 0, max: 255 });
/** In few subnets, so that addresses meet. */
const near = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(fc.integer({ min: 0, max: 3 }), host).map(([a, b]) => `10.1.${a}.${b}`) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.integer({ min: 0, max: 3 }), host).map(([a, b]) => `fd00::${a}:${b.toString(16)}`),
  },
  { weight: 1, arbitrary: address },
);
const nearSubnet = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 3 }).map((n) => `10.1.${n}.0/24`) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 3 }).map((n) => `fd00::${n}:0/112`) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "10.1.0.0/16",
      "10.1.0.0/30",
      "10.1.0.0/31",
      "10.1.0.1/24",
      "10.1.00.0/24",
      "fd00::/126",
      "fd00::/127",
      "FD00::/64",
      "ff02::/16",
      "fe80::/64",
      "::ffff:10.1.0.0/120",
      "0.0.0.0/0",
      "0.0.0.0/8",
      "127.0.0.0/8",
      "224.0.0.0/4",
      "255.255.255.0/24",
      "192.0.0.0/2",
      "::/0",
      "::1/128",
      "10.1.0.0/24 ",
      "10.1.0.0",
      "",
    ),
  },
  { weight: 1, arbitrary: subnet },
);
const nearRange = fc.oneof(
  range,
  fc.tuple(near, near).map(([from, to]) => `${from}-${to}`),
  fc.tuple(near, near).map(([from, to]) => `${from} - ${to}`),
  fc.constantFrom(
    "10.1.0.9-10.1.0.3",
    "10.1.0.3-fd00::1",
    "10.1.0.3--10.1.0.9",
    ":-:",
    "1.2.3-4",
    "10.1.0.8/29",
    "10.1.0.9/29",
  ),
);
const name = fc.constantFrom("a", "team-a", "A_1.x", "_x", "-a", "a b", "", "a".repeat(253), "é");

const nearRangeOf = fc.record(
  {
    subnet: nearSubnet,
    rangeStart: near,
    rangeEnd: near,
    gateway: fc.oneof(near, fc.constantFrom("none", "None", "", "fe80::1", "fe80::1%eth0")),
    fixedStart: near,
    fixedEnd: near,
    exclude: fc.array(fc.oneof(near, nearRange, nearSubnet), { maxLength: 3 }),
  },
  { requiredKeys: ["subnet"] },
);

const anyPool = fc.record(
  {
    subnets: fc.array(nearSubnet, { maxLength: 3 }),
    ranges: fc.array(fc.array(nearRangeOf, { minLength: 0, maxLength: 2 }), { maxLength: 2 }),
    exclude: fc.array(fc.oneof(near, nearRange, nearSubnet), { maxLength: 3 }),
    addressSpace: name,
    nodes: fc.dictionary(
      fc.constantFrom("rack", "example.com/rack", "-x", "a b", "", "__proto__"),
      fc.constantFrom("r1", "", "-", "a b", "x".repeat(63)),
      { maxKeys: 2 },
    ),
    namespaces: fc.array(name, { maxLength: 2 }),
    fixedNamespaces: fc.array(name, { maxLength: 2 }),
    maxPerNamespace: fc.constantFrom(1, 0, -1, 4294967295, 4294967296, 2 ** 53),
  },
  { requiredKeys: [] },
);

/** What people write, right or nearly: often with one thing beside its addresses. */
export const nearPool = fc.oneof(
  anyPool,
  fc
    .tuple(fc.integer({ min: 0, max: 3 }), anyPool, fc.nat())
    .map(([n, other, which]) => ({ subnets: [`10.1.${n}.0/24`], ...one(other, which) })),
  nearRangeOf.chain((range) =>
    fc.constantFrom(...Object.keys(range)).map((key) => ({
      ranges: [
        [{ subnet: "10.1.0.0/24", ...(key === "subnet" ? {} : { [key]: range[key as keyof typeof range] }) }],
      ],
    })),
  ),
);

function one(pool: object, which: number): object {
  const entries = Object.entries(pool).filter(([key]) => key !== "subnets" && key !== "ranges");
  const entry = entries[which % Math.max(1, entries.length)];
  return entry === undefined ? {} : Object.fromEntries([entry]);
}

/** Of any kind and size. */
export const hostilePool = fc.oneof(
  { weight: 3, arbitrary: nearPool },
  fc.record(
    {
      subnets: fc.oneof(
        count.map((many) => Array.from({ length: many }, (_, n) => `91.${n >> 8}.${n & 255}.0/24`)),
        json,
      ),
      ranges: fc.oneof(
        count.map((many) => [
          Array.from({ length: many }, (_, n) => ({ subnet: `92.${n >> 8}.${n & 255}.0/24` })),
        ]),
        json,
      ),
      exclude: fc.oneof(
        count.map((many) => Array.from({ length: many }, (_, n) => `91.${(n >> 7) & 7}.0.${(n * 2) & 255}`)),
        json,
      ),
      addressSpace: fc.oneof(text, json),
      nodes: json,
      namespaces: json,
      maxPerNamespace: json,
    },
    { requiredKeys: [] },
  ),
  fc.dictionary(text, json, { maxKeys: 4 }),
  json,
);
