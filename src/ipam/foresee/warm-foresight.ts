import { BoundedMap } from "../bounded-map.ts";
import type { Foresight, Memory, RecordMemory, TakenIn } from "../foresight.ts";
import { refKey } from "../ref-key.ts";

/** How many networks and records it remembers at most. */
const NETWORKS = 256;
const RECORDS = 4096;

/** The foresight of a process that serves many ADDs. Keeps everything in memory. */
export class WarmForesight implements Foresight {
  readonly guesses = false;
  readonly takenIn: TakenIn;
  readonly records: RecordMemory;
  readonly #memories = new BoundedMap<string, Memory>(NETWORKS);

  constructor(takenIn: TakenIn) {
    this.takenIn = takenIn;
    const records = new BoundedMap<string, unknown>(RECORDS);
    this.records = {
      get: (ref) => records.get(refKey(ref)) as ReturnType<typeof this.records.get<typeof ref>>,
      set: (ref, record) => records.set(refKey(ref), record),
    };
  }

  recall(network: string): Memory | undefined {
    return this.#memories.get(network);
  }

  learn(network: string, memory: Memory): void {
    this.#memories.set(network, memory);
  }

  forget(network: string): void {
    this.#memories.delete(network);
  }
}
