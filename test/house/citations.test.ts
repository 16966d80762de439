import { expect, test } from "bun:test";
import { join } from "node:path";

/**
 * The code says why by citing docs/design.md by section and docs/behaviour.md by case. A citation that
 * leads nowhere is worse than none: whoever takes over looks for a rule that nobody has written down.
 */

const ROOT = join(import.meta.dir, "../..");
const ID = "[A-M]\\d{1,3}";
const IDS = `${ID}(?:(?:, | and |-)${ID})*`;

/** Where a citation stands, for the message, and what it cites. */
interface Citation {
  readonly place: string;
  readonly cited: string;
}

const sources = await readSources();

test("every section of the design that is cited is there", async () => {
  const sections = headings(await page("design.md"), /^## (\d+)\. /gm);
  const cited = citations(/docs\/design\.md sections? (\d+)/g);
  expect(sections.size).toBe(10);
  expect(cited.length).toBeGreaterThan(20);
  expect(cited.filter(({ cited }) => !sections.has(cited))).toEqual([]);
});

test("every section of the behaviour that is cited is there", async () => {
  const sections = headings(await page("behaviour.md"), /^## ([A-M])\. /gm);
  const cited = citations(/docs\/behaviour\.md (?:section )?([A-M])\b/g);
  expect(sections.size).toBe(13);
  expect(cited.length).toBeGreaterThan(5);
  expect(cited.filter(({ cited }) => !sections.has(cited))).toEqual([]);
});

test("every case that a comment or a test's name cites is there, once", async () => {
  const rows = [...(await page("behaviour.md")).matchAll(new RegExp(`^\\| (${IDS}) \\|`, "gm"))];
  const listed = rows.flatMap(([, ids = ""]) => idsIn(ids));
  const cases = new Set(listed);
  const cited = [...casesInComments(), ...casesInTestNames()];
  expect(listed.length).toBe(cases.size);
  expect(cited.length).toBeGreaterThan(300);
  expect(cited.filter(({ cited }) => !cases.has(cited))).toEqual([]);
});

test("no citation leaves out its page", () => {
  expect(citations(/(?<!docs\/)(design section \d+|[Bb]ehaviour (?:section )?[A-M]\d{0,2}\b)/g)).toEqual([]);
});

/** Sources by path, without this one; comments that go on in the next line are made one line. */
async function readSources(): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for await (const path of new Bun.Glob("{src,test}/**/*.ts").scan({ cwd: ROOT })) {
    if (path.includes("/gen/") || path.startsWith("test/house/")) continue;
    const text = await Bun.file(join(ROOT, path)).text();
    found.set(path, text.replace(/\n *\*(?!\/) ?|(?<=^ *\/\/.*)\n *\/\/ ?/gm, " "));
  }
  return found;
}

function page(name: string): Promise<string> {
  return Bun.file(join(ROOT, "docs", name)).text();
}

function headings(text: string, pattern: RegExp): ReadonlySet<string> {
  return new Set([...text.matchAll(pattern)].map(([, heading = ""]) => heading));
}

/** What the first group of a pattern finds in all sources. */
function citations(pattern: RegExp): Citation[] {
  return [...sources].flatMap(([place, text]) =>
    [...text.matchAll(pattern)].map(([, cited = ""]) => ({ place, cited })),
  );
}

function casesInComments(): Citation[] {
  const words = citations(/(\/\*\*.*?\*\/|(?<!:)\/\/ [^\n]*)/gs);
  return words.flatMap(({ place, cited }) => idsIn(cited).map((id) => ({ place, cited: id })));
}

/** `everywhere("C1", …)`, `test("C9: …")`, the first column of a table of cases. */
function casesInTestNames(): Citation[] {
  const words = citations(new RegExp(`["\`](${IDS})(?=["\`:])`, "g"));
  const named = words.filter(({ place }) => place.endsWith(".test.ts"));
  return named.flatMap(({ place, cited }) => idsIn(cited).map((id) => ({ place, cited: id })));
}

function idsIn(text: string): string[] {
  return [...text.matchAll(new RegExp(`\\b${ID}\\b`, "g"))].map(([id]) => id);
}
