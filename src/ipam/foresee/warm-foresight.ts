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
  readonly #memories = new Latest<Memory>(NETWORKS);

  constructor(takenIn: TakenIn) {
    this.takenIn = takenIn;
    const records = new Latest<unknown>(RECORDS);
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
    this.#memories.forget(network);
  }
}

/** Values by name. Drops the value that was set longest ago when there are too many. */
class Latest<T> {
  readonly #most: number;
  readonly #values = new Map<string, T>();

  constructor(most: number) {
    this.#most = most;
  }

  get(name: string): T | undefined {
    return this.#values.get(name);
  }

  set(name: string, value: T): void {
    this.#values.delete(name);
    this.#values.set(name, value);
    const [oldest] = this.#values.keys();
    if (oldest !== undefined && this.#values.size > this.#most) this.#values.delete(oldest);
  }

  forget(name: string): void {
    this.#values.delete(name);
  }
}
