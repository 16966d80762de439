import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { BOUNDED_BY } from "./growing.ts";

/** A Map, Set or list of an object or a module that begins empty. */
const MEMBER =
  /^ {2}(?:(?:private|readonly|protected) )*(#?\w+)(?:: .+)? = (?:new (?:Map|Set)(?:<.*>)?\(\)|\[\]);$/gm;
const OF_MODULE = /^(?:const|let) (\w+)(?:: .+)? = new (?:Map|Set)(?:<.*>)?\(\);$/gm;
const CLASS = /^(?:export )?(?:abstract )?class /m;
const ONLY_TESTS = /\.test\.ts$|\/(testing|contract|memory|test-kit|invariants)\//;

/** An agent or a controller lives for months: what a tenant or time can add to without end fills its memory (CAPPED). */
test("of each collection that a long-lived object or a module fills, it is known what bounds it", () => {
  const found = [...new Bun.Glob("src/**/*.ts").scanSync(".")]
    .filter((path) => !ONLY_TESTS.test(path))
    .flatMap((path) =>
      collectionsIn(readFileSync(path, "utf8")).map((name) => `${path.slice("src/".length)} ${name}`),
    );
  expect(found.sort()).toEqual(Object.values(BOUNDED_BY).flat().sort());
});

test.each([
  ["class A {\n  readonly #seen = new Map<string, { a: number; b: () => void }>();\n}", ["#seen"]],
  ["export class A {\n  #all: string[] = [];\n}", ["#all"]],
  ["const seen = new Set<string>();", ["seen"]],
  ["function f() {\n  const seen = new Set<string>();\n}", []],
  ["class A {\n  readonly #seen = new BoundedMap<string, true>(8);\n}", []],
  ['const WORDS = new Set(["a"]);', []],
])("%s", (text, names) => expect(collectionsIn(text)).toEqual(names));

function collectionsIn(text: string): string[] {
  const members = CLASS.test(text) ? text.matchAll(MEMBER) : [];
  return [...text.matchAll(OF_MODULE), ...members].flatMap(([, name]) => name ?? []);
}
