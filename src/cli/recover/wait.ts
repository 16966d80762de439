import { printErr } from "../../command-line/print.ts";
import { startProgress } from "../../command-line/progress.ts";
import type { Answers } from "../../ipam/recovery/answers.ts";

const AGAIN_MS = 500;

/** Waits until every node has answered and no answer can change any more, for at most `seconds`. Returns the last answers. */
export async function waitForAnswers(
  look: () => Promise<Answers>,
  expected: number,
  seconds: number,
): Promise<Answers> {
  const end = performance.now() + seconds * 1000;
  let answers = await look();
  if (answers.silent.length > 0) printErr(`waiting for ${listed(answers.silent)}`);
  const progress = startProgress("nodes that have answered");
  try {
    while (!answers.complete && performance.now() < end) {
      await Bun.sleep(AGAIN_MS);
      answers = await look();
      progress.at(expected - answers.silent.length, expected);
    }
  } finally {
    progress.end();
  }
  return answers;
}

const SHOWN = 20;

/** Names in one line, at most 20 of them. */
export function listed(nodes: readonly string[]): string {
  const shown = nodes.slice(0, SHOWN).join(", ");
  return nodes.length <= SHOWN ? shown : `${shown} and ${nodes.length - SHOWN} more`;
}
