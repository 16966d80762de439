import { describe, expect, test } from "bun:test";
import { IpamError } from "../../ipam/errors.ts";
import { parseNetworkConfiguration } from "../parse/parse-network-configuration.ts";
import { parseNodeConfiguration } from "../parse/parse-node-configuration.ts";
import { FILE, type Keys, refusalOf } from "../testing/parse.ts";
import type { ClusterPools, PoolObject } from "./cluster-pools.ts";

const pool = (name: string, spec: unknown, created = "2026-01-01T00:00:00Z"): PoolObject => ({
  name,
  spec,
  created,
});
const DB = pool("db", { subnets: ["10.120.0.0/24"], namespaces: ["data"], maxPerNamespace: 3 });

const fileWith = (clusterPools: ClusterPools, file: Keys = {}) => ({
  path: FILE,
  text: JSON.stringify(file),
  clusterPools,
});
const faultsOf = (objects: readonly PoolObject[], file: Keys = {}) => {
  const { pools, poolFaults } = parseNodeConfiguration(fileWith({ objects }, file));
  const faults = [...poolFaults].map(([name, { error, reason }]) => `${name} ${reason}: ${error.message}`);
  return { inForce: pools.map(({ name, space }) => `${name} in ${space}`), faults };
};
const parse = (
  ipam: Keys,
  clusterPools: ClusterPools,
  file: Keys = {},
  purpose: "add" | "check" | "status" = "add",
) =>
  parseNetworkConfiguration({
    stdin: JSON.stringify({ cniVersion: "1.1.0", name: "net1", ipam: { type: "kube-ipam", ...ipam } }),
    nodeFile: fileWith(clusterPools, file),
    purpose,
  });
const refused = (...input: Parameters<typeof parse>) => refusalOf(() => parse(...input));

describe("K270: a pool of the cluster", () => {
  test("is used by name as one of the node's file", () => {
    const { network } = parse({ pool: "db" }, { objects: [DB] });
    expect(network).toEqual({
      ...parse({ pool: "db" }, { objects: [] }, { pools: { db: DB.spec } }).network,
    });
    expect(network.policy).toEqual({ pool: "db", namespaces: ["data"], maxPerNamespace: 3 });
  });

  test("lives in its own address space, else in the node's", () => {
    const wire = pool("wire", { subnets: ["10.120.0.0/24"], addressSpace: "wire-b" });
    expect(faultsOf([DB, wire], { addressSpace: "site" })).toEqual({
      inForce: ["db in site", "wire in wire-b"],
      faults: [],
    });
  });

  test("keeps its subnets from networks with addresses of their own, and its addresses from other pools", () => {
    const { message, details } = refused({ subnet: "10.120.0.128/25" }, { objects: [DB] });
    expect(message).toBe("subnet 10.120.0.128/25 overlaps with pool 'db' of the cluster");
    expect(details).toContain('write "pool": "db" instead of the subnet');
    const narrow = pool("narrow", { ranges: [[{ subnet: "10.9.0.0/24", rangeEnd: "10.9.0.9" }]] });
    const rest = { rest: { ranges: [[{ subnet: "10.9.0.0/24", rangeStart: "10.9.0.10" }]] } };
    const { network } = parse({ pool: "rest" }, { objects: [narrow] }, { pools: rest });
    expect(network.exclude).toMatchObject([{ because: "belongs to pool 'narrow'" }]);
  });

  test("may not be narrowed where it has a policy", () => {
    const { message, details } = refused({ pool: "db", exclude: ["10.120.0.9"] }, { objects: [DB] });
    expect(message).toStartWith("ipam.exclude may not be set beside pool 'db' of the cluster");
    expect(details).toContain('the pool\'s own "exclude" in the cluster');
  });

  test("is named where poolsOnly refuses, and where a network asks for its address space", () => {
    expect(refused({ subnet: "10.9.0.0/24" }, { objects: [DB] }, { poolsOnly: true }).details).toBe(
      'write "pool": "db" instead of ipam.subnet',
    );
    const wire = pool("wire", { subnets: ["10.9.0.0/24"], addressSpace: "wire-b" });
    expect(refused({ subnet: "10.8.0.0/24", addressSpace: "wire-b" }, { objects: [wire] }).details).toEndWith(
      'write "pool": "wire" instead of addressSpace and subnet',
    );
  });
});

describe("K271: what is in force", () => {
  test("the node's file wins over an object of its name, which keeps nothing from anybody", () => {
    const file = { pools: { db: { subnets: ["10.7.0.0/24"] } } };
    expect(faultsOf([DB], file)).toEqual({
      inForce: ["db in default"],
      faults: [`db DefinedByNode: Pool db has no effect: ${FILE} defines a pool 'db' of its own`],
    });
    const { network, warnings } = parse({ pool: "db" }, { objects: [DB] }, file);
    expect(network.policy).toEqual({ pool: "db" });
    expect(warnings).toEqual([`Pool db has no effect: ${FILE} defines a pool 'db' of its own`]);
    expect(parse({ subnet: "10.120.0.0/24" }, { objects: [DB] }, file).network.policy).toBeUndefined();
  });

  test("of two that share addresses, the file's, else the older one, in whichever order they come", () => {
    const young = pool("a-young", { subnets: ["10.120.0.0/16"] }, "2026-02-01T00:00:00Z");
    const faults = [
      "a-young SharesAddresses: Pool a-young is not in force: it shares addresses with pool 'db' of the cluster",
    ];
    for (const objects of [
      [DB, young],
      [young, DB],
    ])
      expect(faultsOf(objects)).toEqual({ inForce: ["db in default"], faults });
    const file = { pools: { own: { subnets: ["10.120.0.0/20"] } } };
    expect(faultsOf([DB], file).faults).toEqual([
      `db SharesAddresses: Pool db is not in force: it shares addresses with pool 'own' of ${FILE}`,
    ]);
    const elsewhere = pool("elsewhere", { subnets: ["10.120.0.0/16"], addressSpace: "b" });
    expect(faultsOf([DB, elsewhere]).faults).toEqual([]);
  });

  test.each<[unknown, string]>([
    [
      { subnets: ["10.120.0.1/24"] },
      "Pool bad: spec.subnets[0].subnet must be a network's address without host bits",
    ],
    [{ subnets: [], ranges: [] }, "Pool bad: spec names no addresses"],
    [{ subnets: ["10.120.0.0/24"], namespace: ["a"] }, "Pool bad: spec.namespace"],
    [
      { subnets: ["10.120.0.0/24"], maxPerNamespace: 0 },
      "Pool bad: spec.maxPerNamespace must be an integer from 1",
    ],
    [undefined, "Pool bad: spec must be an object"],
  ])("FAIL-CLOSED: %j is an error of who names it, and nobody else's", (spec, message) => {
    const objects = [pool("bad", spec), pool("good", { subnets: ["10.9.0.0/24"] })];
    expect(refused({ pool: "bad" }, { objects })).toMatchObject({ code: 7 });
    expect(refused({ pool: "bad" }, { objects }).message).toContain(message);
    expect(parse({ pool: "good" }, { objects }).network.policy).toEqual({ pool: "good" });
  });

  test("what is not in force still keeps its subnets from networks", () => {
    const objects = [pool("bad", { subnets: ["10.120.0.0/24"], maxPerNamespace: 0 })];
    expect(refused({ subnet: "10.120.0.0/25" }, { objects }).message).toBe(
      "subnet 10.120.0.0/25 overlaps with pool 'bad' of the cluster",
    );
  });
});

describe("K272: pools that could not be read", () => {
  const away = new IpamError("tryAgain", "the API server at https://a cannot be reached", "try again");

  test("FAIL-CLOSED: are an error of a network that may mean one of them, and of no other", () => {
    const missing: ClusterPools = { objects: [DB], missing: away };
    expect(refused({ pool: "gone" }, missing)).toEqual({
      code: 11,
      message:
        "whether the cluster has the pool 'gone' is not known: the API server at https://a cannot be reached",
      details: "try again",
    });
    expect(parse({ pool: "db" }, missing).network.policy?.pool).toBe("db");
    expect(parse({ subnet: "10.1.0.0/24" }, missing).network.policy).toBeUndefined();
  });

  test("stop no CHECK and no STATUS", () => {
    for (const purpose of ["check", "status"] as const)
      expect(parse({ pool: "gone" }, { objects: [], missing: "unread" }, {}, purpose).network.sets).toEqual(
        [],
      );
    expect(parse({ pool: "gone" }, { objects: [], missing: away }, {}, "check").warnings).toEqual([
      expect.stringContaining("is not known"),
    ]);
  });

  test("a name that neither has is an error that lists both", () => {
    const file = { pools: { web: { subnets: ["10.2.0.0/24"] } } };
    expect(refused({ pool: "gone" }, { objects: [DB] }, file).message).toBe(
      `ipam.pool must be a pool of ${FILE} or of the cluster ("web", "db"), got "gone"`,
    );
  });
});
