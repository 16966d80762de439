import { describe, expect, test } from "bun:test";
import { parseAddress } from "../../address/address.ts";
import { formatInterval } from "../../address/interval-text.ts";
import { neverGivenOut, whyNotAllowed } from "../../address/not-allowed.ts";
import { FILE, type Keys, parseIpam, refusalOf, showSets } from "../testing/parse.ts";

const DB = { subnets: ["10.120.0.0/16"], namespaces: ["data"], fixedNamespaces: [], maxPerNamespace: 20 };

const withPools = (pools: unknown, more: Keys = {}) => ({ file: { pools, ...more } });
const usePool = (pools: unknown, ipam: Keys = {}) => parseIpam({ pool: "db", ...ipam }, withPools(pools));
const refused = (ipam: Keys, pools: unknown, top: Keys = {}) =>
  refusalOf(() => parseIpam(ipam, { ...withPools(pools), top }));

describe("a network that names a pool", () => {
  test("has its ranges and its policy", () => {
    const configuration = usePool({ db: { ...DB, nodes: { rack: "a1" }, exclude: ["10.120.0.0/24"] } });
    expect(showSets(configuration)).toEqual([["10.120.0.0/16 10.120.0.2-10.120.255.254 gateway 10.120.0.1"]]);
    expect(configuration.network.policy).toEqual({
      pool: "db",
      nodes: { rack: "a1" },
      namespaces: ["data"],
      fixedNamespaces: [],
      maxPerNamespace: 20,
    });
    expect(configuration.network.exclude.map(formatInterval)).toEqual(["10.120.0.0-10.120.0.255"]);
    expect(configuration.network.space).toBe("default");
  });

  test("gets one address of each family from subnets, where those of one family are fallbacks", () => {
    const subnets = ["2001:db8::/64", "10.120.0.0/16", "10.121.0.0/16"];
    const sets = showSets(usePool({ db: { subnets } })).map((set) => set.map((text) => text.split(" ")[0]));
    expect(sets).toEqual([["2001:db8::/64"], ["10.120.0.0/16", "10.121.0.0/16"]]);
  });

  test("gets ranges as a network writes them", () => {
    const ranges = [[{ subnet: "10.120.0.0/16", rangeStart: "10.120.1.0", gateway: "none" }]];
    expect(showSets(usePool({ db: { ranges } }))).toEqual([
      ["10.120.0.0/16 10.120.1.0-10.120.255.254 gateway none"],
    ]);
  });

  test("may exclude more and have its routes, but not widen", () => {
    const open = { subnets: DB.subnets };
    const configuration = usePool(
      { db: open },
      { exclude: ["10.120.9.0/24"], routes: [{ dst: "0.0.0.0/0" }] },
    );
    expect(configuration.network.exclude.map(formatInterval)).toEqual(["10.120.9.0-10.120.9.255"]);
    expect(configuration.routes).toHaveLength(1);
  });

  test("lives in the pool's address space, and may say so", () => {
    const pools = { db: { ...DB, addressSpace: "wire-b" } };
    expect(usePool(pools).network.space).toBe("wire-b");
    expect(usePool(pools, { addressSpace: "wire-b" }).network.space).toBe("wire-b");
    expect(refused({ pool: "db", addressSpace: "default" }, pools).message).toBe(
      `ipam.addressSpace is locked by ${FILE}: it must be "wire-b" or left out, got "default"`,
    );
  });
});

test("C84: a network that sets a pool's address space itself is told which pool that is", () => {
  const pools = { db: DB, vlan20: { subnets: ["10.20.0.0/16"], addressSpace: "vlan20" } };
  expect(refused({ subnet: "10.9.0.0/24", addressSpace: "vlan20" }, pools).details).toEndWith(
    'a pool of that address space is there: write "pool": "vlan20" instead of addressSpace and subnet',
  );
  expect(refused({ subnet: "10.9.0.0/24", addressSpace: "vlan30" }, pools).details).not.toContain("pool");
});

describe("a hostile network", () => {
  const pools = { db: DB, web: { subnets: ["10.130.0.0/16", "fd00:130::/64"] } };

  test.each<[string, Keys, Keys]>([
    ["ipam.subnet", { pool: "db", subnet: "10.0.0.0/8" }, {}],
    ["ipam.subnet, ipam.gateway", { pool: "db", subnet: "10.120.0.0/16", gateway: "10.120.0.9" }, {}],
    ["ipam.rangeStart", { pool: "db", rangeStart: "10.120.0.9" }, {}],
    ["ipam.ranges", { pool: "db", ranges: [[{ subnet: "10.9.0.0/16" }]] }, {}],
    ["runtimeConfig.ipRanges", { pool: "db" }, { runtimeConfig: { ipRanges: [[{ subnet: "10.0.0.0/8" }]] } }],
    ["runtimeConfig.ipRanges", { pool: "db" }, { runtimeConfig: { ipRanges: "nonsense" } }],
  ])("cannot name %s beside a pool", (named, ipam, top) => {
    expect(refused(ipam, pools, top)).toEqual({
      code: 7,
      message: `${named} cannot be set together with ipam.pool: pool 'db' of ${FILE} names the addresses`,
      details: "remove one or the other from the network's configuration",
    });
  });

  test.each<[string, string, Keys, Keys]>([
    ["10.120.0.0/16", "db", { subnet: "10.120.0.0/16" }, {}],
    ["10.0.0.0/8", "db", { subnet: "10.0.0.0/8", rangeStart: "10.1.0.0", rangeEnd: "10.2.0.0" }, {}],
    ["10.120.7.0/24", "db", { ranges: [[{ subnet: "10.9.0.0/24" }], [{ subnet: "10.120.7.0/24" }]] }, {}],
    ["fd00:130::/64", "web", { subnet: "fd00:130::/64" }, {}],
    [
      "10.120.0.0/17",
      "db",
      { subnet: "10.9.0.0/24" },
      { runtimeConfig: { ipRanges: [[{ subnet: "10.120.0.0/17" }]] } },
    ],
  ])("cannot take %s past the policy of pool '%s'", (subnet, pool, ipam, top) => {
    expect(refused(ipam, pools, top)).toEqual({
      code: 7,
      message: `subnet ${subnet} overlaps with pool '${pool}' of ${FILE}`,
      details:
        `a pool's addresses are allocated only under its policy: write "pool": "${pool}" instead of the subnet; ` +
        `or, if this network is on another wire, define a pool of its own for it in ${FILE}, with an addressSpace ` +
        `of its own (that of '${pool}' is 'default')`,
    });
  });

  test("cannot do so in another address space either", () => {
    const elsewhere = { db: { ...DB, addressSpace: "wire-b" } };
    expect(refused({ subnet: "10.120.0.0/16" }, elsewhere).message).toStartWith(
      "subnet 10.120.0.0/16 overlaps",
    );
  });

  test("cannot define a pool", () => {
    expect(refusalOf(() => parseIpam({ pool: "mine", pools: { mine: DB } }, withPools(pools)))).toEqual({
      code: 7,
      message: "a network cannot define ipam.pools",
      details: `define pools in the node's file; a network names one: "pool": "name"`,
    });
  });

  test.each(["constructor", "toString", "other"])("cannot use '%s', which is none", (pool) => {
    expect(refused({ pool }, pools)).toEqual({
      code: 7,
      message: `ipam.pool must be a pool of ${FILE} ("db", "web"), got "${pool}"`,
      details: "",
    });
  });

  test.each<[Keys, string, Keys | undefined]>([
    [{ subnet: "10.120.0.0/16" }, "overlaps with pool 'db'", pools],
    [{ subnet: "10.120.7.0/24", ranges: [[{ subnet: "fd00:130::/64" }]] }, "overlaps with pool", pools],
    [{ pool: "gone" }, "must be a pool of", pools],
    [{ pool: "gone" }, "it defines none", {}],
    [{ pool: "gone", routes: [{ dst: "0.0.0.0/0" }] }, "must be left out", undefined],
  ])("C120: CHECK goes on with %j, which is older than the pools", (ipam, warning, defined) => {
    const options = defined === undefined ? {} : withPools(defined);
    const { network, warnings } = parseIpam(ipam, { ...options, purpose: "check" });
    expect(network.policy).toBeUndefined();
    expect(warnings.filter((line) => line.includes(warning))).toHaveLength(1);
    for (const purpose of ["add", "status"] as const)
      expect(refusalOf(() => parseIpam(ipam, { ...options, purpose })).message).toContain(warning);
  });

  test("cannot use '__proto__', which is no name", () => {
    expect(refused({ pool: "__proto__" }, pools).message).toBe(
      `ipam.pool must be a name of letters, digits, '_', '.' and '-' that begins with a letter or digit and has at most 253 of them, got "__proto__"`,
    );
  });

  test("finds nothing else forbidden: other subnets are free", () => {
    expect(parseIpam({ subnet: "10.9.0.0/24" }, withPools(pools)).network.policy).toBeUndefined();
  });
});

describe("pools that share a subnet", () => {
  const part = (rangeStart: string, rangeEnd: string) => ({
    ranges: [[{ subnet: "10.120.0.0/24", rangeStart, rangeEnd }]],
  });
  const pools = { db: part("10.120.0.10", "10.120.0.99"), web: part("10.120.0.100", "10.120.0.199") };

  test("do not give each other's addresses, not even by name", () => {
    const { network } = usePool(pools);
    const why = (text: string) => whyNotAllowed(network, parseAddress(text));
    expect(why("10.120.0.150")).toBe("it belongs to pool 'web' (10.120.0.100-10.120.0.199)");
    expect([why("10.120.0.50"), why("10.120.0.5"), why("10.120.0.200")]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(neverGivenOut(network).map(formatInterval)).toContain("10.120.0.100-10.120.0.199");
  });

  test("are refused when one address is in both, since one policy would be void", () => {
    const both = { ...pools, web: part("10.120.0.99", "10.120.0.199") };
    expect(refused({ pool: "db" }, both)).toEqual({
      code: 7,
      message: `${FILE}: pools 'db' (10.120.0.0/24) and 'web' (10.120.0.0/24) share addresses`,
      details:
        "one pool's policy would be void: narrow one of them with rangeStart and rangeEnd, or give it its own addressSpace",
    });
  });

  test("are apart in address spaces of their own", () => {
    const apart = { db: DB, web: { ...DB, addressSpace: "wire-b" } };
    expect(usePool(apart).network.exclude).toEqual([]);
  });

  test("one pool may hold a fixed part inside its own range", () => {
    const ranges = [[{ subnet: "10.120.0.0/24", fixedStart: "10.120.0.50", fixedEnd: "10.120.0.60" }]];
    expect(() => usePool({ db: { ranges } })).not.toThrow();
  });
});

describe("faults of the file", () => {
  test.each<[unknown, string]>([
    [[], `${FILE}: pools must be an object {"name": {…}}, got []`],
    [{ db: 5 }, `${FILE}: pools.db must be an object {"subnets": […]}, got 5`],
    [{ db: {} }, `${FILE}: pools.db names no addresses`],
    [
      { db: { subnets: ["10.120.0.9/16"] } },
      `${FILE}: pools.db.subnets[0].subnet must be a network's address without host bits: 10.120.0.0/16, got "10.120.0.9/16"`,
    ],
    [
      { db: { subnets: "10.120.0.0/16" } },
      `${FILE}: pools.db.subnets must be a list of networks, got "10.120.0.0/16"`,
    ],
    [
      { db: { ...DB, namespaces: "data" } },
      `${FILE}: pools.db.namespaces must be a list of names, got "data"`,
    ],
    [
      { db: { ...DB, nodes: ["a1"] } },
      `${FILE}: pools.db.nodes must be an object of node labels {"rack": "a1"}, got ["a1"]`,
    ],
    [{ db: { ...DB, nodes: { rack: 1 } } }, `${FILE}: pools.db.nodes.rack must be a string, got 1`],
    [
      { db: { ...DB, maxPerNamespace: 0 } },
      `${FILE}: pools.db.maxPerNamespace must be an integer from 1 to 4294967295, got 0`,
    ],
    [
      { "a/b": DB },
      `${FILE}: the pool's name must be a name of letters, digits, '_', '.' and '-' that begins with a letter or digit and has at most 253 of them, got "a/b"`,
    ],
  ])("%j", (pools, message) => {
    expect(refused({ subnet: "10.9.0.0/24" }, pools)).toMatchObject({ code: 7, message });
  });

  test("unknown keys are warned about", () => {
    expect(
      usePool({ db: { ...DB, colour: "blue", ranges: [[{ subnet: "10.121.0.0/24", x: 1 }]] } }).warnings,
    ).toEqual([
      `${FILE}: pools.db.colour is not known and is ignored`,
      `${FILE}: pools.db.ranges[0][0].x is not known and is ignored`,
    ]);
  });

  test("without the file there is no pool", () => {
    expect(refusalOf(() => parseIpam({ pool: "db" }))).toEqual({
      code: 7,
      message:
        'ipam.pool must be left out, because this node has no configuration file that defines pools, got "db"',
      details: "",
    });
  });

  test("DEL and GC do without the pools", () => {
    for (const purpose of ["del", "gc"] as const) {
      expect(parseIpam({ pool: "gone" }, { file: { pools: { db: 5 } }, purpose }).network.sets).toEqual([]);
      expect(parseIpam({ pool: "gone" }, { file: { pools: 5 }, purpose }).network.sets).toEqual([]);
    }
  });
});
