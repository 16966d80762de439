import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/**
 * What each run of the plugin and each command loads before it knows what it is to do, and what an ADD loads to reach
 * its store. A module of Node that brings networks or terminals with it costs every pod some milliseconds of a
 * processor (`node:http2` a third of a cold ADD): import it where it is needed.
 */
const LIGHT = ["bun:ffi", "bun:sqlite", "@bufbuild/protobuf/wire", "node:fs", "node:path", "valibot"];

test.each([
  "src/plugin.ts",
  "src/cli/main.ts",
  "src/store/embedded/open.ts",
  "src/store/etcd/open.ts",
  "src/kubernetes/ports/open-cluster.ts",
])("K216: %s loads nothing heavy", (entry) => {
  expect([...packagesOf(entry)].filter((name) => !LIGHT.includes(name))).toEqual([]);
});

/** What a file and all that it imports, statically and for more than types, take from elsewhere. */
function packagesOf(file: string, seen = new Set<string>(), found = new Set<string>()): Set<string> {
  if (seen.has(file) || !file.endsWith(".ts")) return found;
  seen.add(file);
  const transpiler = new Bun.Transpiler({ loader: "ts", trimUnusedImports: true });
  for (const { kind, path } of transpiler.scanImports(readFileSync(file, "utf8"))) {
    if (kind !== "import-statement") continue;
    if (path.startsWith(".")) packagesOf(normalize(join(dirname(file), path)), seen, found);
    else found.add(path);
  }
  return found;
}
