import type { Foresight, Memory, TakenIn } from "./foresight.ts";

/** So many networks are remembered; one that was not used for long makes room. */
const MOST = 256;

/** The foresight of a process that serves many ADDs, in its memory. */
export class WarmForesight implements Foresight {
  readonly guesses = false;
  readonly takenIn: TakenIn;
  readonly #memories = new Map<string, Memory>();

  constructor(takenIn: TakenIn) {
    this.takenIn = takenIn;
  }

  recall(network: string): Memory | undefined {
    return this.#memories.get(network);
  }

  learn(network: string, memory: Memory): void {
    this.#memories.delete(network);
    this.#memories.set(network, memory);
    const [oldest] = this.#memories.keys();
    if (oldest !== undefined && this.#memories.size > MOST) this.#memories.delete(oldest);
  }

  forget(network: string): void {
    this.#memories.delete(network);
  }
}
