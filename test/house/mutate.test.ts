import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { importsOf } from "../../scripts/mutate/imports.ts";
import { broken, mutantsOf } from "../../scripts/mutate/mutants.ts";
import { testsOf } from "../../scripts/mutate/tests-of.ts";
import { temporaryFolder } from "../kit/folder.ts";

/** What scripts/mutate.ts breaks, and which tests it asks whether they notice. */

describe("a mutant", () => {
  test("leaves out a condition, then each operand of it", () => {
    expect(mutantsFrom("if (a === b || !c.d) return 1;")).toEqual([
      "if (false) return 1;",
      "if (false || !c.d) return 1;",
    ]);
  });

  test("keeps the return before what it breaks", () => {
    expect(mutantsFrom("return a.b && c;")).toEqual(["return true && c;"]);
  });

  test("compares with what it did before", () => {
    expect(mutantsFrom("x = (a) => a.b === c && d;")).toEqual(["x = (a) => true && d;"]);
  });

  test("leaves out a guard, and a row of a table", () => {
    expect(mutantsFrom("requireOwner(record);")).toEqual([""]);
    expect(mutantsFrom('["kept", keptRow],', "const TABLE = [", "];")).toEqual([""]);
  });

  test("is a program: what does not parse proves nothing", () => {
    expect(mutantsFrom("x = f(a && b);")).toEqual([]);
  });

  test("is never a comment or an import", () => {
    expect(mutantsFrom("// if (a) return b && c;")).toEqual([]);
    expect(mutantsFrom("import { a } from 'b && c';", "", "")).toEqual([]);
  });

  test("stands in its own line", () => {
    const [mutant] = mutantsOf("f.ts", "const f = (a) => {\n  if (a) return 1;\n};");
    expect(mutant).toMatchObject({ file: "f.ts", line: 2 });
    expect(mutant && broken("1\n2\n3", mutant)).toBe("1\n  if (false) return 1;\n3");
  });

  /** The variants of one line, which stands in a function. */
  function mutantsFrom(line: string, before = "async function f() {", after = "}"): string[] {
    return mutantsOf("f.ts", `${before}\n  ${line}\n${after}`).map(({ becomes }) => becomes.trim());
  }
});

describe("the tests of a file", () => {
  const imports = new Map([
    ["src/ipam/free/free.ts", ["src/ipam/same.ts"]],
    ["src/ipam/free/free.test.ts", ["src/ipam/free/free.ts"]],
    ["src/ipam/free/adopt.test.ts", ["src/ipam/testing/world.ts"]],
    ["src/ipam/free/apart.test.ts", ["src/ipam/apart.ts"]],
    ["src/ipam/invariants/one-owner.test.ts", ["src/ipam/testing/world.ts"]],
    ["src/ipam/audit/audit.test.ts", ["src/ipam/free/free.ts"]],
    ["src/ipam/testing/world.ts", ["src/ipam/free/free.ts", "src/ipam/testing/world.ts"]],
    ["src/agent/agent.test.ts", ["src/ipam/free/free.ts"]],
  ]);
  const byName = (one: string, other: string) => one.localeCompare(other);

  test("are its own, its room's, then those of the layer that reach it", () => {
    expect(testsOf("src/ipam/free/free.ts", imports, byName)).toEqual([
      "src/ipam/free/free.test.ts",
      "src/ipam/free/adopt.test.ts",
      "src/ipam/audit/audit.test.ts",
      "src/ipam/invariants/one-owner.test.ts",
    ]);
  });

  test("stand in the order asked for within each group", () => {
    const reversed = testsOf("src/ipam/free/free.ts", imports, (one, other) => byName(other, one));
    expect(reversed.slice(2)).toEqual([
      "src/ipam/invariants/one-owner.test.ts",
      "src/ipam/audit/audit.test.ts",
    ]);
  });

  test("reach it through other files, however far, and no others do", () => {
    expect(testsOf("src/ipam/same.ts", imports, byName)).toContain("src/ipam/invariants/one-owner.test.ts");
    expect(testsOf("src/ipam/apart.ts", imports, byName)).toEqual(["src/ipam/free/apart.test.ts"]);
  });
});

describe("imports", () => {
  test("are those of values, static or not; types break nothing", async () => {
    using folder = temporaryFolder("imports");
    const file = folder.file("room/a.ts");
    const text = [
      'import type { T } from "./type.ts";',
      'import { b } from "../b.ts";',
      'export { c } from "./c.ts";',
      'import { join } from "node:path";',
      'export const d: T = b(join, await import("./d.ts"));',
    ];
    await Bun.write(file, text.join("\n"));
    const expected = ["b.ts", "room/c.ts", "room/d.ts"].map((name) => folder.file(name));
    expect(importsOf([file])).toEqual(new Map([[file, expected]]));
  });

  test("of the sources lead from every file to the test beside it", () => {
    process.chdir(join(import.meta.dir, "../.."));
    const files = [...new Bun.Glob("src/ipam/**/*.ts").scanSync()];
    const imports = importsOf(files);
    const tested = files.filter((file) => files.includes(file.replace(/\.ts$/, ".test.ts")));
    expect(tested.length).toBeGreaterThan(10);
    for (const file of tested)
      expect(testsOf(file, imports, () => 0)[0]).toBe(file.replace(/\.ts$/, ".test.ts"));
  });
});
