/** Where the page's links lead, as written: files, addresses and "#headings". Code shows no links. */
export function linksOf(page: string): string[] {
  const prose = withoutCode(page).replaceAll(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^()\s]+)\)/g)].flatMap(([, target]) => target ?? []);
}

/** The anchors of the page's headings, as GitHub makes them. */
export function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ""] of withoutCode(page).matchAll(/^#+ (.+)$/gm)) {
    const words = heading.toLowerCase().replaceAll(/[^\p{L}\p{N}_\- ]/gu, "");
    const anchor = words.trim().replaceAll(" ", "-");
    // Of two equal headings the second has a number.
    let number = 0;
    while (anchors.has(numbered(anchor, number))) number += 1;
    anchors.add(numbered(anchor, number));
  }
  return anchors;
}

/** The text below a heading, up to the next one of the same or a higher level; "" where it is not there. */
export function sectionOf(page: string, heading: string): string {
  const lines = page.split("\n");
  const begin = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, "") === heading);
  if (begin === -1) return "";
  const level = lines[begin]?.indexOf(" ") ?? 0;
  const rest = lines.slice(begin + 1);
  const end = rest.findIndex((line) => /^#+ /.test(line) && line.indexOf(" ") <= level);
  return rest.slice(0, end === -1 ? undefined : end).join("\n");
}

/** The row of a section's tables whose first cell names this in code; "" where none does. */
export function rowOf(section: string, name: string): string {
  const rows = section.split("\n").filter((line) => line.startsWith("|"));
  return rows.find((row) => row.split("|")[1]?.includes(`\`${name}\``)) ?? "";
}

function numbered(anchor: string, number: number): string {
  return number === 0 ? anchor : `${anchor}-${number}`;
}

function withoutCode(page: string): string {
  return page.replaceAll(/^ *```[\s\S]*?^ *```/gm, "");
}
