import { dirname } from "node:path";
import type { Imports } from "./imports.ts";

/**
 * The tests that can miss a rule of `file`: those of its layer (`src/ipam`) that import it, directly or
 * not. Its own comes first, then its room's, then the others'; each group as `order` has it.
 */
export function testsOf(
  file: string,
  imports: Imports,
  order: (one: string, other: string) => number,
): string[] {
  const layer = file.split("/").slice(0, 2).join("/");
  const sees = importersOf(file, imports);
  const rank = (test: string) => (test === ownTestOf(file) ? 0 : dirname(test) === dirname(file) ? 1 : 2);
  return [...sees]
    .filter((one) => isTest(one) && one.startsWith(`${layer}/`))
    .sort((one, other) => rank(one) - rank(other) || order(one, other));
}

export function isTest(file: string): boolean {
  return file.endsWith(".test.ts");
}

function ownTestOf(file: string): string {
  return file.replace(/\.ts$/, ".test.ts");
}

function importersOf(file: string, imports: Imports): ReadonlySet<string> {
  const found = new Set([file]);
  // Grows while it is walked: what imports an importer comes to be walked, too.
  for (const reached of found) {
    for (const [importer, imported] of imports) if (imported.includes(reached)) found.add(importer);
  }
  return found;
}
