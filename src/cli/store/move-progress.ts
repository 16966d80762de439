import { printErr } from "../../command-line/print.ts";
import { type Screen, startProgress } from "../../command-line/progress.ts";
import type { Told } from "../../ipam/moving/move.ts";

/** Tells of a move on stderr, whatever is printed on stdout: each step as a line; on a terminal a count of what goes on. */
export function moveProgress(
  say: (line: string) => void = printErr,
  screen?: Screen,
): Told & { readonly end: () => void } {
  const reading = startProgress("reading records", screen);
  const writing = startProgress("writing records", screen);
  const end = () => {
    reading.end();
    writing.end();
  };
  return {
    step: (text) => {
      end();
      say(text);
    },
    read: (count) => reading.at(count),
    wrote: (count, of) => {
      reading.end();
      writing.at(count, of);
    },
    end,
  };
}
