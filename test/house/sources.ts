import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What a file imports, types included. */
export interface Imported {
  /** Files of the checkout. */
  readonly files: readonly string[];
  /** What comes from Node, Bun or a package. */
  readonly packages: readonly string[];
}

export type Imports = ReadonlyMap<string, Imported>;

/** Every `from "…"`, `import "…"` and `import("…")`. */
const SPECIFIER = /(?:\bfrom|\bimport)\s*\(?\s*["']([^"'\n]+)["']/g;

/** The imports of every TypeScript file in src/, by its path from the checkout's root. */
export function importsOfSources(): Imports {
  const paths = [...new Bun.Glob("src/**/*.ts").scanSync(".")].sort();
  return new Map(paths.map((path) => [path, importedBy(path, readFileSync(path, "utf8"))]));
}

function importedBy(path: string, text: string): Imported {
  const specifiers = [...withoutComments(text).matchAll(SPECIFIER)].map(([, specifier = ""]) => specifier);
  return {
    files: specifiers.filter(isRelative).map((specifier) => join(dirname(path), specifier)),
    packages: specifiers.filter((specifier) => !isRelative(specifier)),
  };
}

function isRelative(specifier: string): boolean {
  return specifier.startsWith(".");
}

/** A docstring may speak of an import. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}

/** Groups of files each of which can be reached from every other one of its group (Tarjan's algorithm). */
export function circlesIn(imports: Imports, files: readonly string[]): string[][] {
  const index = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const circles: string[][] = [];
  const visit = (file: string): number => {
    const own = index.size;
    index.set(file, own);
    let low = own;
    stack.push(file);
    for (const next of imports.get(file)?.files ?? []) {
      if (!index.has(next)) low = Math.min(low, visit(next));
      else if (stack.includes(next)) low = Math.min(low, index.get(next) ?? own);
    }
    lowest.set(file, low);
    if (low === own) {
      const group = stack.splice(stack.lastIndexOf(file));
      if (group.length > 1) circles.push(group.sort());
    }
    return low;
  };
  for (const file of files) if (!index.has(file)) visit(file);
  return circles;
}
