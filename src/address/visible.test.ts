import { expect, test } from "bun:test";
import fc from "fast-check";
import { visible, visibleLine } from "./visible.ts";

/** By code points, and not by the classes of Unicode that the code goes by. */
const HIDDEN: readonly (readonly [number, number])[] = [
  [0x00, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x61c, 0x61c],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0xd800, 0xdfff],
  [0xfeff, 0xfeff],
  [0xe0000, 0xe007f],
];

const hidden = fc
  .constantFrom(...HIDDEN)
  .chain(([first, last]) => fc.integer({ min: first, max: last }))
  .map((point) => String.fromCodePoint(point));
const nasty = fc.string({ unit: fc.oneof(hidden, fc.string({ unit: "binary", maxLength: 3 })) });

function hides(text: string): boolean {
  return [...text].some((character) => {
    const point = character.codePointAt(0) ?? 0;
    return HIDDEN.some(([first, last]) => point >= first && point <= last);
  });
}

test("nothing acts on a terminal or stays hidden, and JSON stays the same JSON", () => {
  fc.assert(
    fc.property(nasty, nasty, (text, key) => {
      const json = visible(JSON.stringify({ [key]: text, list: [text] }, null, 2));
      expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify({ [key]: text, list: [text] })));
      expect(hides(json.replaceAll("\n", ""))).toBe(false);
      expect(hides(visible(text).replace(/[\t\n]/g, ""))).toBe(false);
      expect(hides(visibleLine(text))).toBe(false);
    }),
  );
});

test("what is plain stays as it is", () => {
  expect(visible("pod 'größe' – 日本 🙂\n\tx")).toBe("pod 'größe' – 日本 🙂\n\tx");
});
