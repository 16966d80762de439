import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { LAYERS, type Layer } from "./layers.ts";
import { circlesIn, type Imports, importsOfSources } from "./sources.ts";

/**
 * The house's one-way order, read off every import of src/: types count as well as values, because a
 * file that needs another one's types cannot be understood, or moved, without it.
 */
const imports: Imports = importsOfSources();
const files = [...imports.keys()].sort();
const code = files.filter((file) => !isTest(file));

test("the table names every folder of src/, and no other", () => {
  const folders = new Set(files.map(dirname).filter((folder) => folder !== "src"));
  const named = new Set(
    LAYERS.flatMap((layer) =>
      [...roomsOf(layer), ...(layer.testing ?? [])].map((room) => folderOf(layer, room)),
    ),
  );
  expect([...folders].filter((folder) => !named.has(folder))).toEqual([]);
  expect([...named].filter((folder) => !folders.has(folder))).toEqual([]);
});

test("the table is in order: a layer uses only layers named before it", () => {
  const before = new Set<string>();
  for (const { layer, uses } of LAYERS) {
    expect(uses.filter((used) => !before.has(used))).toEqual([]);
    before.add(layer);
  }
});

test("every import leads to a layer that the table allows", () => {
  expect(violations(between)).toEqual([]);
});

test("every import inside a layer leads to the same room or one before it", () => {
  expect(violations(inside)).toEqual([]);
});

test("what decides does no I/O: it imports nothing of Node, Bun or a package", () => {
  const pure = code.filter((file) => layerOf(file)?.pure);
  const packages = pure.flatMap((file) =>
    (imports.get(file)?.packages ?? []).map((name) => `${file} → ${name}`),
  );
  expect(packages).toEqual([]);
});

test("only tests import tests and what helps them", () => {
  expect(violations((_, to) => isTest(to))).toEqual([]);
});

test("no files import each other in a circle", () => {
  expect(circlesIn(imports, code)).toEqual([]);
});

test("a circle is found, whoever it is reached from", () => {
  const made = new Map(
    Object.entries({ a: ["b"], b: ["c"], c: ["b", "d"], d: [] }).map(([file, to]) => [
      file,
      { files: to, packages: [] },
    ]),
  );
  expect(circlesIn(made, ["a", "b", "c", "d"])).toEqual([["b", "c"]]);
});

test("a test beside its file stays in its room or below; what crosses rooms lies with the invariants", () => {
  const tests = files.filter((file) => file.startsWith("src/ipam/") && file.endsWith(".test.ts"));
  const crossing = tests.filter((from) =>
    (imports.get(from)?.files ?? []).some((to) => !isTest(to) && inside(from, to)),
  );
  expect(crossing.filter((file) => !file.startsWith("src/ipam/invariants/"))).toEqual([]);
});

test("docs/architecture.md shows the same layers and rooms, in the same order", () => {
  const [, section = ""] = readFileSync("docs/architecture.md", "utf8").split("\n| layer | rooms,");
  const [table = ""] = section.split("\n\n");
  const rows = [...table.matchAll(/^\| `([\w-]+)` \|([^|]*)\|/gm)];
  const shown = rows.map(([, layer, rooms = ""]) => ({ layer, rooms: codeIn(rooms) }));
  expect(shown).toEqual(LAYERS.map(({ layer, rooms = [] }) => ({ layer, rooms: [...rooms] })));
});

type Rule = (from: string, to: string) => boolean;

function violations(breaks: Rule): string[] {
  return code.flatMap((from) =>
    (imports.get(from)?.files ?? []).filter((to) => breaks(from, to)).map((to) => `${from} → ${to}`),
  );
}

function between(from: string, to: string): boolean {
  const [source, target] = [layerOf(from), layerOf(to)];
  // src/main.ts and src/plugin.ts put the layers together.
  if (source === undefined || source === target) return false;
  return to.startsWith("src/") && (target === undefined || !source.uses.includes(target.layer));
}

function inside(from: string, to: string): boolean {
  const layer = layerOf(from);
  if (layer === undefined || layer !== layerOf(to)) return false;
  const rooms = roomsOf(layer);
  return rooms.indexOf(roomOf(to, layer)) > rooms.indexOf(roomOf(from, layer));
}

function codeIn(markdown: string): string[] {
  return [...markdown.matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text);
}

function layerOf(file: string): Layer | undefined {
  return LAYERS.find(({ layer }) => file.startsWith(`src/${layer}/`));
}

function roomOf(file: string, { layer }: Layer): string {
  return dirname(file).slice(`src/${layer}/`.length) || ".";
}

function roomsOf({ rooms = ["."] }: Layer): readonly string[] {
  return rooms;
}

function folderOf({ layer }: Layer, room: string): string {
  return room === "." ? `src/${layer}` : `src/${layer}/${room}`;
}

function isTest(file: string): boolean {
  const layer = layerOf(file);
  return file.endsWith(".test.ts") || (layer?.testing?.includes(roomOf(file, layer)) ?? false);
}
