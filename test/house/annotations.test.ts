import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { ALIKE, isMeantForUs, isNearMiss, NAMED, WORDS } from "../../src/ipam/wish/annotation-keys.ts";

/** What a pod may ask for stands in the parser, once more in the policies' CEL, and in the page for its author. */

const ROOT = join(import.meta.dir, "../..");
const ADMISSION = ["policies.yaml", "webhook.yaml"].map((file) => join(ROOT, "deploy/admission", file));

test("admission knows whom a key is meant for by the parser's own patterns", () => {
  const asking = ADMISSION.flatMap(expressionsOf).filter((text) => text.includes("key.lowerAscii()"));
  // The policies' condition and their judgement of keys, those of places, and the webhook's condition.
  expect(asking.length).toBe(4);
  for (const text of asking) {
    expect(text).toContain(`key.lowerAscii().matches('${NAMED}')`);
    expect(text).toContain(`.replace('-', '').replace('_', '').replace('.', '').matches( '${ALIKE}')`);
  }
  for (const text of ADMISSION.flatMap(expressionsOf)) expect(text).not.toContain("startsWith('kube-ipam");
});

test("the policies let every annotation pass that the parser knows, and no other", () => {
  const known = ADMISSION.flatMap(expressionsOf).flatMap((text) => [
    ...text.matchAll(/!key\.matches\('\^kube-ipam\[\.\]\(([a-z|]+)\)\(\/\.\*\)\?\$'\) &&/g),
  ]);
  expect(known.map(([, list = ""]) => list.split("|")).filter((list) => list.length > 2)).toEqual([
    [...WORDS],
  ]);
});

test("what the chart writes on kube-ipam's own pods is no near miss", () => {
  const templates = [...new Bun.Glob("deploy/chart/templates/*").scanSync(ROOT)];
  const keys = templates.flatMap((path) => [
    ...readFileSync(join(ROOT, path), "utf8").matchAll(/^\s+([\w.-]*kube-?ipam[\w.-]*\/[\w.-]+):/gm),
  ]);
  expect(keys.length).toBeGreaterThan(0);
  for (const [, key = ""] of keys)
    expect([key, isNearMiss(key), isMeantForUs(key)]).toEqual([key, false, false]);
});

test("docs/configuration.md describes every annotation", () => {
  const page = readFileSync(join(ROOT, "docs/configuration.md"), "utf8");
  expect(WORDS.filter((word) => !new RegExp(`^\\| \`kube-ipam\\.${word}[:\`]`, "m").test(page))).toEqual([]);
});

/** Every CEL expression of a file, as the API server reads it. */
function expressionsOf(path: string): string[] {
  const found: string[] = [];
  const look = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      if ((key === "expression" || key === "messageExpression") && typeof inner === "string")
        found.push(inner);
      look(inner);
    }
  };
  for (const document of parseAllDocuments(readFileSync(path, "utf8"))) look(document.toJS());
  return found;
}
