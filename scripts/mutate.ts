#!/usr/bin/env bun
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { Copy, type Ended } from "./mutate/copy.ts";
import { importsOf } from "./mutate/imports.ts";
import { type Mutant, mutantsOf } from "./mutate/mutants.ts";
import { isTest, testsOf } from "./mutate/tests-of.ts";

/**
 * Breaks one rule after the other, in a copy, and names those that no unit test of their layer misses:
 * `node_modules/.bin/bun scripts/mutate.ts [--list] [file or folder…]`, by default src/ipam. `--list`
 * only names the mutants. Some survivors break nothing (a rule that two places guard, a shortcut that
 * only saves time); the others lack a test.
 */

/** No further test is begun for a mutant after that. */
const LIMIT_MS = 60_000;

const asked = process.argv.slice(2).filter((argument) => argument !== "--list");
const files = (asked.length > 0 ? asked : ["src/ipam"]).flatMap(sourcesIn);
const mutants = files.flatMap((file) => mutantsOf(file, readFileSync(file, "utf8")));

if (process.argv.includes("--list")) {
  mutants.forEach(print);
  console.log(`${mutants.length} mutants`);
} else {
  console.log(`${mutants.length} mutants, ${survivorsOf(mutants)} survived`);
}

function survivorsOf(mutants: readonly Mutant[]): number {
  using copy = new Copy();
  const imports = importsOf(filesIn("src"));
  const unbroken = new Map<string, Ended>();
  let survived = 0;
  for (const [file, ofFile] of Map.groupBy(mutants, (mutant) => mutant.file)) {
    for (const test of testsOf(file, imports, () => 0)) measure(test);
    const tests = testsOf(file, imports, (one, other) => time(one) - time(other)).filter(
      (test) => unbroken.get(test)?.passed,
    );
    if (tests.length === 0) console.log(`${file}: no test of its layer imports it`);
    const survivors = ofFile.filter((mutant) => copy.whileBroken(mutant, () => survives(tests)));
    survivors.forEach(print);
    survived += survivors.length;
  }
  return survived;

  /** What fails as it is, or never ends, tells nothing of a mutant. */
  function measure(test: string): void {
    if (unbroken.has(test)) return;
    const ended = copy.run(test, LIMIT_MS);
    unbroken.set(test, ended);
    if (!ended.passed) console.log(`${test} fails with every rule in place: left out`);
  }

  function time(test: string): number {
    return unbroken.get(test)?.milliseconds ?? 0;
  }

  function survives(tests: readonly string[]): boolean {
    const end = performance.now() + LIMIT_MS;
    return tests.every((test) => performance.now() > end || copy.run(test, 5_000 + 5 * time(test)).passed);
  }
}

function print({ file, line, was, becomes }: Mutant): void {
  console.log(`${file}:${line}\n  - ${was.trim()}\n  + ${becomes.trim()}`);
}

function sourcesIn(place: string): string[] {
  const path = relative(process.cwd(), place);
  if (!statSync(path).isDirectory()) return [path];
  return filesIn(path).filter((file) => !isTest(file) && !/\/(testing|test-kit|gen)\//.test(file));
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, name))
    .sort();
}
