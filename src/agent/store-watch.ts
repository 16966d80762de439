import { lookAtStore } from "../ipam/integrity/look.ts";
import { ThrownBack } from "../ipam/integrity/thrown-back.ts";
import type { Log, Ports } from "../ipam/ports.ts";
import type { WrittenAll } from "../ipam/recovery/write-locked.ts";
import { writeMissing } from "../ipam/recovery/write-missing.ts";
import type { Metrics } from "./events/metrics.ts";

/**
 * How often all of this node's holdings are compared with the store, in milliseconds: what a hand deleted.
 * Where others hold addresses of this node, each look compares.
 */
const COMPARE_EVERY_MS = 600_000;

/**
 * Watches one store for this node (ONE-STORE): with each look, whether it was thrown back; at the start,
 * after it could not be reached, and when it is under suspicion, also whether it has all that this node
 * holds. What is missing is written again, and conflicts are told.
 */
export class StoreWatch {
  readonly #metrics: Pick<Metrics, "storeSuspect" | "storeConflicts">;
  readonly #log: Log;
  readonly #store: string;
  #compared = Number.NEGATIVE_INFINITY;
  #suspect = false;
  /** The conflicts that the log has told last. */
  #told = "";

  /** @param store names it in the metrics' sums; any text that tells stores apart. */
  constructor(store: string, metrics: Pick<Metrics, "storeSuspect" | "storeConflicts">, log: Log) {
    this.#store = store;
    this.#metrics = metrics;
    this.#log = log;
  }

  /** The store could not be used: who knows what happened to it meanwhile. */
  lost(): void {
    this.#compared = Number.NEGATIVE_INFINITY;
  }

  /** One look. @throws StoreFailure, IpamError; the next look goes on. */
  async look(ports: Ports, deadline: number): Promise<void> {
    const suspect = await this.#isSuspect(ports, deadline);
    if (suspect !== this.#suspect) this.lost();
    this.#suspect = suspect;
    this.#metrics.storeSuspect(this.#store, suspect);
    if (performance.now() - this.#compared < COMPARE_EVERY_MS) return;
    const outcome = await writeMissing(ports, { deadline });
    // In a recovery the conflicts stay what they were, and each look compares until it ends.
    if (outcome === undefined) return;
    if (outcome.conflicts.length === 0) this.#compared = performance.now();
    this.#metrics.storeConflicts(this.#store, outcome.conflicts.length);
    this.#tell(outcome);
  }

  /** A conflict is told once, and again when others come or go. */
  #tell({ written, conflicts }: WrittenAll): void {
    const duplicates = conflicts.map(
      ({ address, attachment, heldBy }) =>
        `${address} of container ${attachment.container} is held by ${heldBy}`,
    );
    const isNew = duplicates.join() !== this.#told;
    this.#told = duplicates.join();
    if (written === 0 && (duplicates.length === 0 || !isNew)) return;
    this.#log(duplicates.length > 0 ? "error" : "warn", "wrote again what the store had lost", {
      written,
      duplicates,
    });
  }

  async #isSuspect(ports: Ports, deadline: number): Promise<boolean> {
    try {
      return (await lookAtStore(ports, { deadline }))?.state === "suspect";
    } catch (failure) {
      if (failure instanceof ThrownBack) return true;
      this.lost();
      throw failure;
    }
  }
}
