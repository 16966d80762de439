import type { Line } from "../../command-line/output.ts";
import { printErr } from "../../command-line/print.ts";

/** Something of the source that the operator should know, with each thing that it is about. */
export interface Told {
  /** Its key with `-o json`. */
  readonly key: string;
  /** For people; absent where nothing is to be considered. */
  readonly warning?: string;
  readonly items: readonly { readonly text: string; readonly data: unknown }[];
  /** A line of the summary. */
  readonly line?: Line;
  /** Beside the items, with `-o json`. */
  readonly data?: object;
}

/** So many things are named to people, and to programs; then their number. */
const NAMED = { people: 50, programs: 1000 };

/** Prints the warnings, each with what it is about, on stderr. */
export function warn(told: readonly Told[]): void {
  for (const { items, warning } of told) {
    if (warning === undefined) continue;
    printErr(`warning: ${warning}`);
    for (const { text } of items.slice(0, NAMED.people)) printErr(`  ${text}`);
    if (items.length > NAMED.people) printErr(`  … and ${items.length - NAMED.people} more`);
  }
}

/** The same for programs: `count` says how many there are, where `shown` does not have them all. */
export function dataOf(told: readonly Told[]): Record<string, unknown> {
  return Object.fromEntries(
    told.map(({ data, items, key }) => [
      key,
      { ...data, count: items.length, shown: items.slice(0, NAMED.programs).map((item) => item.data) },
    ]),
  );
}
