import { expect, test } from "bun:test";
import fc from "fast-check";
import { formatAddress, parseAddress } from "../../address/address.ts";
import { setsWithSubnetOf } from "../../address/range.ts";
import { network } from "../testing/networks.ts";
import { apportion } from "./apportion.ts";
import { fillSets } from "./fill-sets.ts";

const DUAL = network("net", "10.1.2.0/24", "fd00::/64").sets;
/** Two sets share a subnet; the first also has one of its own. */
const [shared, own] = network("net", "10.1.2.0/24", "10.9.0.0/24").sets.flatMap(({ ranges }) => ranges);
const SHARING = shared && own ? [{ ranges: [shared, own] }, { ranges: [shared] }] : [];

const naming = (text: string) => ({ address: parseAddress(text) });
const texts = (list: readonly ReturnType<typeof naming>[]) =>
  list.map(({ address }) => formatAddress(address));

function filled(sets: typeof DUAL, ...sources: string[][]) {
  const { given, overridden } = fillSets(
    sets,
    sources.map((source) => source.map(naming)),
  );
  return { given: texts(given), overridden: texts(overridden) };
}

test("D22: a weaker source fills the sets that a stronger one does not name", () => {
  expect(filled(DUAL, ["fd00::7"], ["10.1.2.7"])).toEqual({ given: ["fd00::7", "10.1.2.7"], overridden: [] });
  expect(filled(DUAL, ["10.1.2.5"], ["10.1.2.6", "fd00::6"], ["fd00::7"])).toEqual({
    given: ["10.1.2.5", "fd00::6"],
    overridden: ["10.1.2.6", "fd00::7"],
  });
});

test("what no set can give stays a wish, whatever else is named", () => {
  expect(filled(DUAL, ["10.1.2.5"], ["10.8.0.1"]).given).toEqual(["10.1.2.5", "10.8.0.1"]);
  expect(filled(DUAL, ["10.1.2.5", "10.1.2.6"]).given).toEqual(["10.1.2.5", "10.1.2.6"]);
  expect(filled(DUAL, ["fd00::1"], ["10.1.2.5", "10.1.2.6"]).given).toEqual([
    "fd00::1",
    "10.1.2.5",
    "10.1.2.6",
  ]);
});

test("sets that share a subnet: an earlier address makes room where it can", () => {
  const wanted = ["10.1.2.7", "10.9.0.7"].map(naming);
  for (const order of [wanted, wanted.toReversed()])
    expect(texts([...apportion(SHARING, order).named.values()]).sort()).toEqual(["10.1.2.7", "10.9.0.7"]);
});

test("every address counts, yields to a stronger one of its set, or cannot be given at all", () => {
  const address = fc.constantFrom("10.1.2.5", "10.1.2.6", "10.9.0.5", "10.9.0.6", "fd00::5", "10.8.0.1");
  const source = fc.uniqueArray(address, { maxLength: 3 });
  fc.assert(
    fc.property(fc.constantFrom(DUAL, SHARING), fc.array(source, { maxLength: 4 }), (sets, sources) => {
      const { given, overridden } = filled(sets, ...sources);
      expect(new Set([...given, ...overridden])).toEqual(new Set(sources.flat()));
      const taken = apportion(sets, given.map(naming)).named;
      for (const text of overridden)
        for (const set of setsWithSubnetOf(sets, naming(text).address)) expect(taken.has(set)).toBe(true);
      const first = sources.find((each) => each.length > 0)?.[0];
      if (first !== undefined) expect(given[0]).toBe(first);
    }),
  );
});
