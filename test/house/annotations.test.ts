import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { formsOf } from "../../src/ipam/wish/annotation-forms.ts";

/** What a pod may ask for stands in the parser, once more in the policies' CEL, and in the page for its author. */

const ROOT = join(import.meta.dir, "../..");
const words = wordsOfParser();

test("the policies let every annotation pass that the parser knows, and no other", () => {
  const policies = readFileSync(join(ROOT, "deploy/admission/policies.yaml"), "utf8");
  const guard = policies.slice(
    policies.indexOf("startsWith('kube-ipam.')"),
    policies.indexOf("each also with"),
  );
  const known = [...guard.matchAll(/'\^kube-ipam\[\.\]\(([a-z|]+)\)/g)];
  expect(known.length).toBe(2);
  for (const [, list = ""] of known) expect(list.split("|")).toEqual(words);
});

test("docs/configuration.md describes every annotation", () => {
  const page = readFileSync(join(ROOT, "docs/configuration.md"), "utf8");
  expect(words.filter((word) => !new RegExp(`^\\| \`kube-ipam\\.${word}[:\`]`, "m").test(page))).toEqual([]);
});

/** The parser names them all when it refuses a misspelt one. */
function wordsOfParser(): string[] {
  try {
    formsOf({ "kube-ipam.misspelt": "x" });
  } catch (failure) {
    const { details } = failure as { details: string };
    return [...details.matchAll(/kube-ipam\.([a-z]+)/g)].flatMap(([, word]) => word ?? []);
  }
  throw new Error("the parser took a misspelt annotation");
}
