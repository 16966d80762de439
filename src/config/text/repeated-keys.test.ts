import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { repeatedKeys } from "./repeated-keys.ts";

/** JSON as its author writes it: an object is a list of members, so a key may be there twice. */
type Written = string | readonly Written[] | { readonly members: readonly (readonly [string, Written])[] };

const TEXTS = ["a", "b", 'a"', "a\\", '\\"', ":", "{", "}", ",", "ä", "", "__proto__"];
const written = fc.letrec<{ any: Written; object: Written }>((tie) => ({
  any: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(...TEXTS),
    fc.array(tie("any"), { maxLength: 3 }),
    tie("object"),
  ),
  object: fc
    .array(fc.tuple(fc.constantFrom(...TEXTS), tie("any")), { maxLength: 4 })
    .map((members) => ({ members })),
}));

test("C38: a text has repeated keys where its author wrote one twice in an object, and nowhere else", () => {
  fc.assert(
    fc.property(written.object, fc.constantFrom("", " ", "\n\t"), (object, blank) => {
      const text = textOf(object, blank);
      expect(repeatedKeys(text, JSON.parse(text)).size > 0).toBe(hasTwice(object));
    }),
    { numRuns: 2_000 },
  );
});

describe("the object that has it is named", () => {
  test.each<[string, (document: { a: unknown }) => unknown, string]>([
    ['{"a":{"x":1,"x":2}}', ({ a }) => a, "x"],
    ['{"a":[0,[{"x":"\\"x\\":","y":{},"\\u0079":2}]]}', ({ a }) => (a as [0, [object]])[1][0], "y"],
    ['{"a":1,"a":{"b":1}}', (document) => document, "a"],
  ])("%s", (text, find, key) => {
    const document = JSON.parse(text);
    expect([...(repeatedKeys(text, document).get(find(document) as object) ?? [])]).toEqual([key]);
  });
});

function textOf(value: Written, blank: string): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (!("members" in value)) return `[${value.map((item) => textOf(item, blank)).join(`,${blank}`)}]`;
  const members = value.members.map(
    ([key, item]) => `${JSON.stringify(key)}${blank}:${blank}${textOf(item, blank)}`,
  );
  return `{${blank}${members.join(`${blank},`)}}`;
}

function hasTwice(value: Written): boolean {
  if (typeof value === "string") return false;
  if (!("members" in value)) return value.some(hasTwice);
  const keys = value.members.map(([key]) => key);
  return new Set(keys).size < keys.length || value.members.some(([, item]) => hasTwice(item));
}
