import { BoundedMap } from "../bounded-map.ts";
import type { Foresight, Memory, RecordMemory } from "../foresight.ts";
import type { MetaRecord } from "../records.ts";
import { refKey } from "../ref-key.ts";
import { SharedLooks } from "../shared-looks.ts";
import type { Versioned } from "../store-port.ts";
import { WarmNeighbourhoods } from "./warm-neighbourhoods.ts";
import { WitnessChoice } from "./witness-choice.ts";

/** How many networks and records it remembers at most. */
const NETWORKS = 256;
const RECORDS = 4096;

/** A read that others wait for: of how many, and whether it was learnt. */
type Reading = PromiseWithResolvers<boolean> & { waiting: number };

/** The foresight of a process that serves many ADDs. Keeps everything in memory. */
export class WarmForesight implements Foresight {
  readonly neighbourhoods: WarmNeighbourhoods;
  readonly records: RecordMemory;
  readonly #memories = new BoundedMap<string, Memory>(NETWORKS);
  readonly looks = new SharedLooks();
  readonly witnesses = new WitnessChoice();
  /** The networks whose memory an ADD now reads. */
  readonly #reading = new Map<string, Reading>();

  /** @param random of the choices among neighbours. */
  constructor(random: () => number = Math.random) {
    this.neighbourhoods = new WarmNeighbourhoods(random);
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
    this.#end(network, this.#reading.get(network), true);
  }

  forget(network: string): void {
    this.#memories.delete(network);
  }

  awaited(network: string): Promise<boolean> | undefined {
    const reading = this.#reading.get(network);
    if (reading !== undefined) reading.waiting += 1;
    return reading?.promise;
  }

  waiting(network: string): number {
    return this.#reading.get(network)?.waiting ?? 0;
  }

  reading(network: string): () => void {
    if (this.#reading.has(network)) return () => undefined;
    const reading = { ...Promise.withResolvers<boolean>(), waiting: 0 };
    this.#reading.set(network, reading);
    return () => this.#end(network, reading, false);
  }

  /** What was read over another connection may be older than the identity, and is left as it is. */
  identified(meta: Versioned<MetaRecord>, connection: number | undefined): void {
    for (const [network, memory] of this.#memories.entries()) {
      const isSame = memory.connection === connection && memory.meta.record.uuid === meta.record.uuid;
      if (isSame && memory.meta.revision < meta.revision)
        this.#memories.replace(network, { ...memory, meta });
    }
  }

  #end(network: string, reading: Reading | undefined, isLearnt: boolean): void {
    if (reading !== undefined && this.#reading.get(network) === reading) this.#reading.delete(network);
    reading?.resolve(isLearnt);
  }
}
