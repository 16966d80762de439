import { expect, test } from "bun:test";
import fc from "fast-check";
import { CAPS } from "../../address/caps.ts";
import { definitionsInForce, definitionsOf } from "../network-definitions.ts";
import type { NetworkDefinition, NetworkRecord } from "../records.ts";
import { network } from "../testing/networks.ts";
import {
  type Circumstances,
  definitionOf,
  joinDefinitions,
  type Learnt,
  learnDefinition,
  PATIENCE,
} from "./learn-definition.ts";

/** What a store keeps of a network's name (docs/design.md section 6, networks). */

const of = (subnet: string, space = "default"): NetworkDefinition =>
  definitionOf({ ...network("lan", subnet), space });
const A = of("10.1.0.0/24");
const B = of("10.2.0.0/24");
const C = of("10.3.0.0/24");

/** The record after ADDs with these definitions, and what each ADD wrote. */
function after(
  definitions: readonly NetworkDefinition[],
  circumstances: Partial<Circumstances> = {},
  before?: NetworkRecord,
) {
  let record = before;
  const written: Learnt[] = [];
  for (const definition of definitions) {
    const learnt = learnDefinition(record, definition, {
      further: false,
      ofNode: false,
      age: 0,
      ...circumstances,
    });
    if (learnt === undefined) continue;
    written.push(learnt);
    record = learnt.record;
  }
  if (record === undefined) throw new Error("no ADD");
  const news = written.flatMap((learnt) => learnt.news ?? []);
  return { record, written: written.length, news };
}

const subnets = (definitions: readonly NetworkDefinition[]) =>
  definitions.map(({ subnets: of, space }) => `${of.join()}${space === "default" ? "" : ` ${space}`}`);

test.each<[string, NetworkDefinition[], string[], string[]]>([
  ["one definition", [A, A], ["10.1.0.0/24"], ["10.1.0.0/24"]],
  [
    "moved: the old one is known, for its pods, and not in force",
    [A, B, B],
    ["10.2.0.0/24", "10.1.0.0/24"],
    ["10.2.0.0/24"],
  ],
  ["moved back", [A, B, A, A], ["10.1.0.0/24", "10.2.0.0/24"], ["10.1.0.0/24"]],
  [
    "by turns: both are in force",
    [A, B, A, B, A],
    ["10.2.0.0/24", "10.1.0.0/24"],
    ["10.2.0.0/24", "10.1.0.0/24"],
  ],
  [
    "by turns, then moved: what is not used any more is in force no more",
    [A, B, A, B, C, C],
    ["10.3.0.0/24", "10.2.0.0/24", "10.1.0.0/24"],
    ["10.3.0.0/24"],
  ],
  [
    "another address space",
    [A, of("10.1.0.0/24", "vlan20")],
    ["10.1.0.0/24 vlan20", "10.1.0.0/24"],
    ["10.1.0.0/24 vlan20"],
  ],
])("%s", (_, used, known, inForce) => {
  const { record } = after(used);
  expect(subnets(definitionsOf(record))).toEqual(known);
  expect(subnets(definitionsInForce(record))).toEqual(inForce);
});

test("two definitions by turns are written four times at most, and told once", () => {
  const { news, written } = after(Array.from({ length: 40 }, (_, index) => (index % 2 ? B : A)));
  expect([written, news]).toEqual([4, ["other"]]);
});

test("nodes with subnets of their own: all are in force; past the bound one word says so, and nothing is written", () => {
  const many = Array.from({ length: 300 }, (_, index) => of(`10.${index % 100}.0.0/24`));
  const { record, written } = after(many, { ofNode: true, age: 1_000_000 });
  expect(definitionsInForce(record).length).toBe(CAPS.definitions);
  expect([record.more, written]).toEqual([true, CAPS.definitions + 1]);
});

test("a full record takes another definition in once in a while, and drops what is not in use", () => {
  const eight = Array.from({ length: CAPS.definitions }, (_, index) => of(`10.${index}.0.0/24`));
  const { record } = after([...eight, ...eight.slice(1)]);
  const ninth = of("10.99.0.0/24");
  expect(after([ninth, ninth], { age: PATIENCE - 1 }, record).news).toEqual(["more"]);
  const later = after([ninth], { age: PATIENCE }, record);
  expect([later.news, later.record.more, later.record.subnets]).toEqual([["other"], true, ninth.subnets]);
  expect(definitionsOf(later.record).length).toBe(CAPS.definitions);
  expect(subnets(definitionsOf(later.record))).not.toContain("10.0.0.0/24");
});

test("what an import knows of a network is completed, not another definition", () => {
  const imported = { version: 1, space: "default", subnets: ["10.1.0.0/24"] };
  const { news, record } = after([A], {}, imported);
  expect([news, record]).toEqual([[], { version: 1, ...A }]);
});

test("serving another interface is told once, whatever the definition", () => {
  const first = after([A, B]);
  const told = after([B, A, A], { further: true }, first.record);
  expect([told.written, told.record.further]).toEqual([2, true]);
});

const definition = fc.tuple(fc.nat({ max: 12 }), fc.constantFrom("default", "vlan20"), fc.boolean()).map(
  ([subnet, space, long]): NetworkDefinition => ({
    space,
    subnets: [`10.${subnet}.0.0/24`],
    detail: long ? "x".repeat(3_000) : "short",
  }),
);
const add = fc.record({
  definition,
  circumstances: fc.record({
    further: fc.boolean(),
    ofNode: fc.boolean(),
    age: fc.constantFrom(0, PATIENCE - 1, PATIENCE, 10 * PATIENCE),
  }),
});

test("whatever is used, the record stays small, and knows what was used last unless it says that there is more", () => {
  fc.assert(
    fc.property(fc.array(add, { maxLength: 60 }), (adds) => {
      let record: NetworkRecord | undefined;
      for (const each of adds) {
        const learnt = learnDefinition(record, each.definition, each.circumstances);
        record = learnt?.record ?? record;
        if (record === undefined) throw new Error("the first ADD is written");
        const known = definitionsOf(record);
        expect(known.length).toBeLessThanOrEqual(CAPS.definitions);
        expect(JSON.stringify(record).length).toBeLessThan(17 * 1024);
        expect(new Set(known.map((one) => JSON.stringify({ ...one, again: undefined }))).size).toBe(
          known.length,
        );
        const isListed = known.some(
          (one) => one.space === each.definition.space && one.subnets[0] === each.definition.subnets[0],
        );
        expect(isListed || record.more === true).toBe(true);
        if (each.circumstances.further) expect(record.further).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});

test("definitions by turns, as many as a record keeps, soon write nothing more, and all are in force", () => {
  const some = fc.uniqueArray(fc.nat({ max: 40 }), { minLength: 1, maxLength: CAPS.definitions });
  fc.assert(
    fc.property(some, fc.boolean(), (numbers, ofNode) => {
      const round = numbers.map((number) => of(`10.${number}.0.0/24`));
      const { record, news } = after([...round, ...round, ...round], { ofNode });
      expect(news.length).toBe(round.length - 1);
      expect(after([...round, ...round].reverse(), { ofNode }, record).written).toBe(0);
      expect(definitionsInForce(record).length).toBe(round.length);
    }),
    { numRuns: 100 },
  );
});

test("what an import brings is in force beside what the store has, once", () => {
  const vlan20 = of("10.1.0.0/24", "vlan20");
  const known = { version: 1, ...A };
  const joined = joinDefinitions(known, { version: 1, ...vlan20, earlier: [A], further: true });
  expect(joined && subnets(definitionsInForce(joined))).toEqual(["10.1.0.0/24", "10.1.0.0/24 vlan20"]);
  expect(joined?.further).toBe(true);
  expect(joined && joinDefinitions(joined, { version: 1, ...vlan20 })).toBeUndefined();
  expect(joinDefinitions(known, { version: 1, space: "default", subnets: A.subnets })).toBeUndefined();
});

test("definitions that are too large to stand beside others take each other's place in time", () => {
  const large = (first: number) =>
    definitionOf(
      network("lan", ...Array.from({ length: 1_000 }, (_, n) => `fd00:${first}:${n.toString(16)}:1234::/64`)),
    );
  const { record } = after([large(1)]);
  expect(after([large(2)], {}, record).record).toEqual({ ...record, more: true });
  const later = after([large(2)], { age: PATIENCE }, record).record;
  expect([later.subnets, later.earlier]).toEqual([large(2).subnets, undefined]);
});

test("a long description is kept as a hash that tells it from another", () => {
  const ranges = Array.from({ length: 400 }, (_, index) => `10.${index >> 8}.${index & 255}.0/24`);
  const long = definitionOf(network("lan", ...ranges));
  const other = definitionOf(network("lan", ...ranges.slice(1), ranges[0] ?? ""));
  expect(long.detail).toMatch(/^hash [0-9a-f]+$/);
  expect([other.subnets, other.detail === long.detail]).toEqual([long.subnets, false]);
});
