import { expect, test } from "bun:test";
import { anchorsOf, linksOf, rowOf, sectionOf } from "./markdown.ts";

const PAGE = `# The node's \`file\`

[one](a.md#b) and ![two](p.svg), [\`three\`](c/), not \`[four](d)\`.

\`\`\`sh
# no heading [five](e)
\`\`\`

## Keys

| key | default |
| --- | --- |
| \`a\`, \`b\` | \`c\` |

### Deeper

below

## Keys
last
`;

test("links in prose count, those in code do not", () => {
  expect(linksOf(PAGE)).toEqual(["a.md#b", "p.svg", "c/"]);
});

test("headings have GitHub's anchors", () => {
  expect([...anchorsOf(PAGE)]).toEqual(["the-nodes-file", "keys", "deeper", "keys-1"]);
});

test("a section ends with the next heading that is no deeper", () => {
  expect(sectionOf(PAGE, "Keys")).toContain("below");
  expect(sectionOf(PAGE, "Keys")).not.toContain("last");
  expect(sectionOf(PAGE, "None")).toBe("");
});

test("a row is found by its first cell", () => {
  expect(rowOf(PAGE, "b")).toContain("`c`");
  expect(rowOf(PAGE, "c")).toBe("");
});
