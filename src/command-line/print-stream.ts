import { visible } from "../address/visible.ts";
import { type Column, type Format, inRows, yamlOf } from "./output.ts";
import { printPart } from "./print.ts";

/** Items that are printed together, with columns of one width. */
const CHUNK = 500;

/** What a caller does around each chunk. */
export interface Printing {
  readonly before: () => void;
  /** Hears how long printing took: whoever reads may be a pager, which waits for a person. */
  readonly after: (milliseconds: number) => void;
}

/**
 * Prints items while they are read, with one chunk of them in memory: a table whose columns grow with what comes, or
 * one list for programs. What is not as long as a chunk is printed once it is complete. Ends early where nobody reads.
 *
 * @returns how many items came.
 * @throws what the items throw: a list for programs is cut short then.
 */
export async function printStream<T>(
  items: AsyncIterable<T>,
  columns: readonly Column<T>[],
  format: Format,
  { before, after }: Printing,
): Promise<number> {
  let count = 0;
  for await (const chunk of chunksOf(items, columns, format)) {
    before();
    const begin = performance.now();
    const isRead = printPart(chunk.text);
    after(performance.now() - begin);
    count += chunk.count;
    if (!isRead) break;
  }
  return count;
}

/** The text of all items, and how many of them each part has. The last part comes also where there are none. */
export async function* chunksOf<T>(
  items: AsyncIterable<T>,
  columns: readonly Column<T>[],
  format: Format,
): AsyncGenerator<{ readonly text: string; readonly count: number }> {
  const printer =
    format === "json" ? inJson() : format === "yaml" ? inYaml() : inTable(shownIn(format, columns));
  let chunk: T[] = [];
  for await (const item of items) {
    if (chunk.length === CHUNK) {
      yield { text: await printer(chunk, false), count: CHUNK };
      chunk = [];
    }
    chunk.push(item);
  }
  yield { text: await printer(chunk, true), count: chunk.length };
}

/** The text of the next items, and of the end with the last ones. */
type Printer<T> = (items: readonly T[], last: boolean) => string | Promise<string>;

function shownIn<T>(format: Format, columns: readonly Column<T>[]): Column<T>[] {
  return columns.filter(({ wide }) => !wide || format === "wide");
}

function inTable<T>(columns: readonly Column<T>[]): Printer<T> {
  const widths = columns.map(() => 0);
  let isFirst = true;
  return (items) => {
    const titled = isFirst;
    isFirst = false;
    return items.length === 0 ? "" : inRows(items, columns, widths, titled);
  };
}

/** As JSON.stringify writes the whole list. */
function inJson<T>(): Printer<T> {
  let begun = false;
  return (items, last) => {
    if (!begun && items.length === 0) return "[]\n";
    const lines = items.map((item) => JSON.stringify(item, null, 2).replaceAll("\n", "\n  "));
    const text = lines.map((line, index) => `${begun || index > 0 ? ",\n" : "[\n"}  ${line}`).join("");
    begun = true;
    return visible(last ? `${text}\n]\n` : text);
  };
}

function inYaml<T>(): Printer<T> {
  let begun = false;
  return (items) => {
    if (begun && items.length === 0) return "";
    begun = true;
    return yamlOf(items);
  };
}
