import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What each file imports of the checkout while it runs: types are none of it. */
export type Imports = ReadonlyMap<string, readonly string[]>;

export function importsOf(files: readonly string[]): Imports {
  const transpiler = new Bun.Transpiler({ loader: "ts" });
  return new Map(
    files.map((file) => {
      const paths = transpiler.scanImports(readFileSync(file, "utf8")).map(({ path }) => path);
      return [file, paths.filter((path) => path.startsWith(".")).map((path) => join(dirname(file), path))];
    }),
  );
}
