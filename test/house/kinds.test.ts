import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { KINDS } from "../../src/store/kinds/kinds.ts";

/**
 * Whoever asks which kind a store is must be found and mended when a new kind comes. So all but the few
 * files below ask for what a store can do: its description, or what it offers as a ConfiguredStore.
 */

const ROOT = join(import.meta.dir, "../..");

/** Who may ask for a kind, and why. */
const ALLOWED: ReadonlyMap<string, string> = new Map([
  ["src/store/kinds/kinds.ts", "the table of kinds: whoever adds one is told by the compiler what it lacks"],
]);

/** "memory" is the kind of the tests' store. */
const KIND = `["'\`](?:${[...Object.keys(KINDS), "memory"].join("|")})["'\`]`;

const ASKS = new RegExp(
  [
    `[!=]==?\\s*${KIND}`,
    `${KIND}\\s*[!=]==?`,
    `\\bcase\\s+${KIND}`,
    // A table or a type of one's own asks as well.
    String.raw`StoreSettings\["kind"\]`,
    String.raw`Extract<\s*StoreSettings\b`,
  ].join("|"),
);

/** What only one store has. Another one's author would not know what they ask for. */
const WORDS_OF_STORES = /etcd|sqlite|\b(compact\w*|database|leader|leases?|member|quorum|raft|table)\b/i;

const sources = await readSources();

describe("a store's kind", () => {
  test("is asked for by nobody but the table of kinds", () => {
    const asking = [...sources]
      .filter(([, text]) => ASKS.test(text))
      .map(([path]) => path)
      .sort();
    expect(sources.size).toBeGreaterThan(300);
    expect(asking).toEqual([...ALLOWED.keys()].sort());
  });

  test.each([
    'if (store.kind === "etcd") return;',
    "if (store.kind !== 'embedded') return;",
    'if ("embedded" === settings.kind) return;',
    'const far = kind == "memory";',
    'switch (store.kind) { case "etcd": return;',
    'const names: Record<StoreSettings["kind"], string> = {',
    'type Far = Extract<StoreSettings, { kind: "etcd" }>;',
  ])("is found where it is asked for: %s", (text) => expect(text).toMatch(ASKS));

  test.each([
    'return { kind: "etcd", endpoints };',
    'if (ref.kind === "allocation") return;',
    'const ETCD = "etcd";',
  ])("is not found where nobody asks: %s", (text) => expect(text).not.toMatch(ASKS));
});

test("the contract of all stores has no words of one of them", () => {
  const contract = sources.get("src/ipam/store-port.ts") ?? "";
  expect(contract).toContain("export interface Store ");
  expect(WORDS_OF_STORES.exec(contract)?.[0]).toBeUndefined();
});

test("no decision speaks of one store", () => {
  const core = [...sources].filter(([path]) => path.startsWith("src/ipam/"));
  expect(core.length).toBeGreaterThan(100);
  expect(core.filter(([, text]) => /\b(etcd|sqlite)\b/i.test(text)).map(([path]) => path)).toEqual([]);
});

/** What is built, by path. */
async function readSources(): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for await (const path of new Bun.Glob("src/**/*.ts").scan({ cwd: ROOT })) {
    if (path.includes("/gen/") || path.includes("/testing/") || path.endsWith(".test.ts")) continue;
    found.set(path, await Bun.file(join(ROOT, path)).text());
  }
  return found;
}
