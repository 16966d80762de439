import { lookAtStore } from "../ipam/integrity/look.ts";
import { ThrownBack } from "../ipam/integrity/thrown-back.ts";
import type { Log, Ports } from "../ipam/ports.ts";
import type { MetaRecord } from "../ipam/records.ts";
import type { WrittenAll } from "../ipam/recovery/write-locked.ts";
import { writeMissing } from "../ipam/recovery/write-missing.ts";
import type { Metrics } from "./events/metrics.ts";

/**
 * How often all of this node's holdings are compared with the store, in milliseconds: what a hand deleted.
 * Where others hold addresses of this node, each look compares.
 */
const COMPARE_EVERY_MS = 600_000;

/** What a look has found. */
export interface Looked {
  /** Whether the store was recovered once, or is being recovered; undefined where the look does not know. */
  readonly recovered?: boolean;
  /** Whether it gives out addresses, and nobody else holds one of this node. */
  readonly quiet: boolean;
}

/**
 * Watches one store for this node (ONE-STORE): with each look, whether it was thrown back; at the start,
 * after it could not be reached, and when it is under suspicion, also whether it has all that this node
 * holds. What is missing is written again, and conflicts are told.
 */
export class StoreWatch {
  readonly #metrics: Pick<Metrics, "storeSuspect" | "storeConflicts">;
  readonly #log: Log;
  readonly #store: string;
  readonly #now: () => number;
  #compared = Number.NEGATIVE_INFINITY;
  #suspect = false;
  #conflicts = 0;
  /** The conflicts that the log has told last. */
  #told = "";

  /**
   * @param store names it in the metrics' sums; any text that tells stores apart.
   * @param now milliseconds of a clock that only goes forward.
   */
  constructor(
    store: string,
    metrics: Pick<Metrics, "storeSuspect" | "storeConflicts">,
    log: Log,
    now = () => performance.now(),
  ) {
    this.#store = store;
    this.#now = now;
    this.#metrics = metrics;
    this.#log = log;
  }

  /** The store could not be used: who knows what happened to it meanwhile. */
  lost(): void {
    this.#compared = Number.NEGATIVE_INFINITY;
  }

  /** One look. @throws StoreFailure, IpamError; the next look goes on. */
  async look(ports: Ports, deadline: number): Promise<Looked> {
    const meta = await this.#identity(ports, deadline);
    const suspect = meta === "thrown back" || meta?.state === "suspect";
    if (suspect !== this.#suspect) this.lost();
    this.#suspect = suspect;
    this.#metrics.storeSuspect(this.#store, suspect);
    if (this.#now() - this.#compared >= COMPARE_EVERY_MS) await this.#compare(ports, deadline);
    if (meta === "thrown back") return { quiet: false };
    const isReady = meta === undefined || meta.state === "ready";
    return { recovered: meta?.recovery !== undefined, quiet: isReady && this.#conflicts === 0 };
  }

  async #compare(ports: Ports, deadline: number): Promise<void> {
    const outcome = await writeMissing(ports, { deadline });
    // In a recovery the conflicts stay what they were, and each look compares until it ends.
    if (outcome === undefined) return;
    this.#conflicts = outcome.conflicts.length;
    if (this.#conflicts === 0) this.#compared = this.#now();
    this.#metrics.storeConflicts(this.#store, this.#conflicts);
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

  async #identity(ports: Ports, deadline: number): Promise<MetaRecord | "thrown back" | undefined> {
    try {
      return await lookAtStore(ports, { deadline });
    } catch (failure) {
      if (failure instanceof ThrownBack) return "thrown back";
      this.lost();
      throw failure;
    }
  }
}
