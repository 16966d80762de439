import { describe, expect, test } from "bun:test";
import { formatInterval } from "../../address/interval-text.ts";
import { FILE, type Keys, parseIpam, refusalOf } from "../testing/parse.ts";

const SUBNETS = { subnets: ["10.76.0.0/24"] };
const POLICIES: readonly Keys[] = [
  { fixedNamespaces: ["team-b"] },
  { fixedNamespaces: [] },
  { namespaces: ["team-a"] },
  { maxPerNamespace: 3 },
];
const beside = (policy: Keys, ipam: Keys, purpose: "add" | "status" | "check" | "del" | "gc" = "add") =>
  parseIpam(
    { pool: "semi", ...ipam },
    {
      file: { pools: { semi: { ...SUBNETS, ...policy } }, exclude: ["10.76.0.4"] },
      purpose,
      top: { "cni.dev/valid-attachments": [] },
    },
  );
const NARROWING: readonly Keys[] = [
  { exclude: ["10.76.0.2-10.76.0.8", "10.76.0.10-10.76.0.254"] },
  { Exclude: ["10.76.0.4", "10.76.0.9"] },
  { exclude: ["2001:db8::/64"] },
  { coolingSeconds: 0 },
  { coolingSeconds: 86_400 },
];

describe.each(POLICIES.map((policy) => [policy]))("C100: beside a pool with %j", (policy) => {
  test.each(NARROWING.map((ipam) => [ipam]))("a network may not set %j", (ipam) => {
    const key = "coolingSeconds" in ipam ? "coolingSeconds" : "exclude";
    const refusal = refusalOf(() => beside(policy, ipam));
    expect(refusal.code).toBe(7);
    expect(refusal.message).toBe(
      `ipam.${key} may not be set beside pool 'semi' of ${FILE}, which has a policy (${Object.keys(policy)[0]})`,
    );
    expect(refusalOf(() => beside(policy, ipam, "status"))).toEqual(refusal);
  });

  test("C101: what is in force anyway may be repeated", () => {
    const said = beside(policy, { exclude: ["10.76.0.4"], coolingSeconds: 60, annotations: "off" });
    expect(said.network.exclude.map(formatInterval)).toEqual(["10.76.0.4"]);
    expect(beside(policy, { exclude: [] }).network.coolingSeconds).toBe(60);
  });

  test("C102: DEL, GC and CHECK go on with what the pool says", () => {
    const ipam = { exclude: ["10.76.0.9"], coolingSeconds: 0 };
    const { network, warnings } = beside(policy, ipam, "check");
    expect([network.exclude.map(formatInterval), network.coolingSeconds]).toEqual([["10.76.0.4"], 60]);
    expect(warnings).toHaveLength(2);
    for (const purpose of ["del", "gc"] as const) expect(() => beside(policy, ipam, purpose)).not.toThrow();
  });
});

test.each([[{}], [{ nodes: { rack: "a1" } }]])(
  "C103: a pool whose addresses every pod may name (%j) may be narrowed",
  (policy) => {
    const { network } = beside(policy, { exclude: ["10.76.0.9"], coolingSeconds: 5 });
    expect([network.exclude.map(formatInterval), network.coolingSeconds]).toEqual([
      ["10.76.0.4", "10.76.0.9"],
      5,
    ]);
  },
);

test.each(["subnet", "rangeStart", "rangeEnd", "gateway", "fixedStart", "fixedEnd"])(
  "C100: nothing else that says which addresses are meant counts beside a pool: %s",
  (key) => {
    const value = key === "subnet" ? "10.76.0.0/24" : "10.76.0.9";
    expect(refusalOf(() => beside({}, { [key]: value })).message).toContain(
      `ipam.${key} cannot be set together with ipam.pool: pool 'semi'`,
    );
  },
);

test("a network without a pool excludes what it likes, beside such pools too", () => {
  const file = { pools: { semi: { ...SUBNETS, fixedNamespaces: [] } } };
  const { network } = parseIpam(
    { subnet: "10.1.2.0/24", exclude: ["10.1.2.9"], coolingSeconds: 0 },
    { file },
  );
  expect([network.exclude.map(formatInterval), network.coolingSeconds]).toEqual([["10.1.2.9"], 0]);
});
