import { expect, test } from "bun:test";
import fc from "fast-check";
import { inBlocks, table } from "./output.ts";
import { visible } from "./visible.ts";

const nasty = fc.string({
  unit: fc.oneof(fc.constantFrom("\u001b", "\u009b", "\0", "\r", "\u202e", "\u2028"), fc.string()),
});

test("nothing acts on a terminal, and JSON stays the same JSON", () => {
  fc.assert(
    fc.property(nasty, fc.string(), (text, key) => {
      const json = visible(JSON.stringify({ [key]: text, list: [text] }, null, 2));
      expect(JSON.parse(json)).toEqual({ [key]: text, list: [text] });
      for (const shown of [json, visible(text)]) expect(shown).not.toMatch(/(?![\t\n])[\p{Cc}\u2028\u202e]/u);
    }),
  );
});

test("a cell stays on its line", () => {
  const columns = [{ title: "A", of: (text: string) => text }];
  expect(table(["x\ny\u001b[2J"], columns)).toBe("A\nx\\u000ay\\u001b[2J\n");
});

test("a line without a value is left out, also where it came as JSON", () => {
  const lines = JSON.parse(
    JSON.stringify([
      ["A", "x"],
      ["B", undefined],
    ]),
  ) as [string, string | null][];
  expect(inBlocks([lines])).toBe("A: x");
});
