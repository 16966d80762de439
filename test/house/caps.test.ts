import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { CAPS } from "../../src/address/caps.ts";

/** A bound that nothing judges is a promise that nobody keeps (CAPPED). */
test("each bound of src/address/caps.ts has a user", () => {
  const paths = [...new Bun.Glob("src/**/*.ts").scanSync(".")].filter((path) => !path.endsWith(".test.ts"));
  const used = new Set(
    paths.flatMap((path) => [...readFileSync(path, "utf8").matchAll(/\bCAPS\.(\w+)/g)].map(([, key]) => key)),
  );
  expect(Object.keys(CAPS).filter((key) => !used.has(key))).toEqual([]);
});
