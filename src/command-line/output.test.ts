import { expect, test } from "bun:test";
import { inBlocks, table } from "./output.ts";

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
