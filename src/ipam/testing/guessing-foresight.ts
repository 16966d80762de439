import { WarmForesight } from "../foresee/warm-foresight.ts";
import type { Foresight } from "../foresight.ts";

/** The foresight of the plugin alone, which knows no neighbourhood and guesses; its memory is `of`'s. */
export function guessingForesight(of = new WarmForesight()): Foresight {
  return {
    records: of.records,
    recall: (network) => of.recall(network),
    learn: (network, memory) => of.learn(network, memory),
    forget: (network) => of.forget(network),
  };
}
