import { printErr } from "../../command-line/print.ts";
import { configuredStore } from "../../store/kinds/kinds.ts";
import type { Session } from "../session/open.ts";

/** Longer than any transaction takes whose process lives, in milliseconds. */
const PATIENCE_MS = 1_000;

/** Names what transactions are there now; the answer, later, those of them that are there still: their process died. */
export async function watchUnfinished({ options, settings }: Session): Promise<() => Promise<string[]>> {
  const ask = async () => (await configuredStore(settings.store).unfinished?.(options)) ?? [];
  const first = await ask();
  const since = performance.now();
  return async () => {
    if (first.length === 0) return [];
    await Bun.sleep(Math.max(0, since + PATIENCE_MS - performance.now()));
    const still = new Set(await ask());
    return first.filter((name) => still.has(name));
  };
}

/** They are no fault: everybody reads what they are about alike, as decided or as it was before. */
export function tellUnfinished(names: readonly string[]): void {
  const [first] = names;
  if (first === undefined) return;
  const more = names.length > 1 ? ` and ${names.length - 1} more` : "";
  printErr(
    `note: a process died in a transaction, and left ${first}${more}: it changes nothing. Whoever may write and meets it ` +
      "ends it; the controller removes it after ten minutes",
  );
}
