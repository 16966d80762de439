import { expect, test } from "bun:test";
import { table } from "./output.ts";
import { chunksOf } from "./print-stream.ts";

interface Named {
  readonly name: string;
  readonly more?: { readonly deep: readonly number[] };
}

const COLUMNS = [
  { title: "NAME", of: ({ name }: Named) => name },
  { title: "MORE", of: ({ more }: Named) => more && String(more.deep) },
];
const items = (count: number): Named[] =>
  Array.from({ length: count }, (_, n) => ({
    name: `n${n}`,
    ...(n % 3 === 0 && { more: { deep: [n, n] } }),
  }));

async function* each<T>(all: readonly T[]): AsyncGenerator<T> {
  yield* all;
}

async function printed(count: number, format: "table" | "json" | "yaml") {
  return Array.fromAsync(chunksOf(each(items(count)), COLUMNS, format));
}

test("K207: a list that is printed while it is read is the same JSON and YAML", async () => {
  for (const count of [0, 1, 499, 500, 501, 1_500]) {
    const json = (await printed(count, "json")).map(({ text }) => text);
    expect(json.join("")).toBe(`${JSON.stringify(items(count), null, 2)}\n`);
    expect(json.length).toBe(Math.max(1, Math.ceil(count / 500)));
    const yaml = (await printed(count, "yaml")).map(({ text }) => text).join("");
    expect(Bun.YAML.parse(yaml)).toEqual(items(count));
  }
});

test("K207: a table as long as a chunk is as it was; columns of a longer one grow, and the title stands once", async () => {
  for (const count of [1, 500]) {
    const [whole, ...others] = await printed(count, "table");
    expect([whole?.text, others]).toEqual([table(items(count), COLUMNS), []]);
  }
  expect((await printed(0, "table")).map(({ text }) => text)).toEqual([""]);
  const lines = (await printed(1_200, "table"))
    .map(({ text }) => text)
    .join("")
    .trimEnd()
    .split("\n");
  expect(lines).toHaveLength(1_201);
  expect(lines.filter((line) => line.startsWith("NAME"))).toHaveLength(1);
  expect(lines[1]).toBe("n0    0,0");
  expect(lines[1_001]).toBe("n1000  -");
});
