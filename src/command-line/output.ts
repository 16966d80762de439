import { visible, visibleLine } from "../address/visible.ts";
import { printOut } from "./print.ts";

export const FORMATS = ["table", "wide", "json", "yaml"] as const;

export type Format = (typeof FORMATS)[number];

/** One column of a table: its title, and the cell of one item. */
export interface Column<T> {
  readonly title: string;
  readonly of: (item: T) => string | undefined;
  /** Only shown with `-o wide`. */
  readonly wide?: boolean;
}

/** Prints items as a table for people, or as a list with every field for programs. */
export async function printItems<T>(
  items: readonly T[],
  columns: readonly Column<T>[],
  format: Format,
): Promise<0> {
  if (format === "json" || format === "yaml") return printData(items, format);
  return printOut(
    items.length === 0
      ? ""
      : table(
          items,
          columns.filter(({ wide }) => !wide || format === "wide"),
        ),
  );
}

/** A line `Name: value`; not printed without a value, which JSON makes null. */
export type Line = readonly [string, string | null | undefined];

/** Prints one thing: as lines `Name: value` for people, or as an object for programs. */
export async function printThing(data: unknown, lines: readonly Line[], format: Format): Promise<0> {
  if (format === "json" || format === "yaml") return printData(data, format);
  return printSections([lines]);
}

/** Prints blocks of lines with a blank line between them. */
export function printSections(sections: readonly (readonly Line[])[]): 0 {
  return printOut(inBlocks(sections));
}

/** Blocks of lines as text. */
export function inBlocks(sections: readonly (readonly Line[])[]): string {
  const shown = sections.map((lines) => lines.filter(hasValue)).filter((lines) => lines.length > 0);
  const width = Math.max(...shown.flat().map(([name]) => name.length)) + 2;
  const blocks = shown.map((lines) =>
    lines.map(([name, value]) => `${`${name}:`.padEnd(width)}${visibleLine(value)}`).join("\n"),
  );
  return blocks.join("\n\n");
}

function hasValue(line: Line): line is readonly [string, string] {
  return line[1] !== undefined && line[1] !== null && line[1] !== "";
}

async function printData(data: unknown, format: "json" | "yaml"): Promise<0> {
  return printOut(format === "json" ? visible(JSON.stringify(data, null, 2)) : await yamlOf(data));
}

/** YAML in which nothing acts on a terminal. */
export async function yamlOf(data: unknown): Promise<string> {
  const { Document, Scalar, visit } = await import("yaml");
  const document = new Document(data);
  visit(document, {
    Scalar: (_, node) => {
      // Only in double quotes does an escape mean the character.
      const acts = typeof node.value === "string" && visible(node.value) !== node.value;
      if (acts) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return visible(document.toString());
}

/** A table as text: columns as wide as their widest cell, two blanks between them, none at the end of a line. */
export function table<T>(items: readonly T[], columns: readonly Column<T>[]): string {
  const widths = columns.map(() => 0);
  return inRows(items, columns, widths, true);
}

/** The same, of items that come after others: `widths`, which grows, is what the columns had so far. */
export function inRows<T>(
  items: readonly T[],
  columns: readonly Column<T>[],
  widths: number[],
  titled: boolean,
): string {
  const rows = items.map((item) => columns.map(({ of }) => visibleLine(of(item) || "-")));
  if (titled) rows.unshift(columns.map(({ title }) => title));
  for (const row of rows)
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  const line = (row: readonly string[]) =>
    row.map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index] ?? 0))).join("  ");
  return `${rows.map(line).join("\n")}\n`;
}
