import type { Log } from "../ipam/ports.ts";
import { unreadableKept } from "../node/kept-releases.ts";
import type { Asking } from "../runtime/open-ports.ts";
import type { Metrics } from "./events/metrics.ts";
import { FailureLog } from "./failure-log.ts";
import { nameOfStore, type RoundsContext, StoreRounds } from "./store-round.ts";
import type { Lender } from "./warm/lend-ports.ts";

const EVERY_MS = 5_000;
const AFTER_FAILURE_MS = 1_000;
/** Between two rounds, where a store stirs. */
const AT_ONCE_MS = 50;

/**
 * Frees what this node's dead sandboxes hold, on EVIDENCE alone, and replays kept releases, in every
 * store that was asked for lately (and the one of the node's file).
 */
export class ReclaimLoop {
  readonly #lender: Lender;
  readonly #log: Log;
  readonly #context: RoundsContext;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #round: Promise<void> = Promise.resolve();
  #stopped = false;
  readonly #everyMs: number;
  #hurry = false;
  /** When the last whole round ended, in milliseconds of performance.now(). */
  #ended = performance.now();
  readonly #rounds = new WeakMap<Asking["configuration"], StoreRounds>();
  /** The stores whose last round failed. */
  readonly #failing: FailureLog;
  /** Files of kept DELs that the log has named, and that are still there. */
  #logged: ReadonlySet<string> = new Set();

  /** @param everyMs rest between two whole rounds, in milliseconds. */
  constructor(lender: Lender, metrics: Metrics, log: Log, everyMs = EVERY_MS) {
    this.#everyMs = everyMs;
    this.#lender = lender;
    this.#log = log;
    this.#context = { lender, metrics, log };
    this.#failing = new FailureLog(log);
  }

  start(): void {
    this.#lender.onStir(() => this.#soon());
    this.#wait();
  }

  /** A store has changed its state, or comes back and may have been thrown back: the sooner that is seen, the better. */
  #soon(): void {
    if (this.#hurry || this.#stopped) return;
    this.#hurry = true;
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#wait();
  }

  #wait(): void {
    const idle = this.#failing.size > 0 ? AFTER_FAILURE_MS : this.#everyMs;
    const rest = Math.max(0, this.#ended + idle - performance.now());
    const looksOnly = this.#hurry && rest > 0;
    this.#timer = setTimeout(() => this.#begin(looksOnly), this.#hurry ? AT_ONCE_MS : rest);
  }

  /** A look in between frees nothing: what is dead waits for its round, and for the DEL that may still come. */
  #begin(looksOnly: boolean): void {
    this.#timer = undefined;
    this.#hurry = false;
    this.#round = this.#run(looksOnly).finally(() => {
      if (!looksOnly) this.#ended = performance.now();
      if (!this.#stopped) this.#wait();
    });
  }

  /** Ends after the round under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#round;
  }

  async #run(looksOnly: boolean): Promise<void> {
    const unreadable = new Set<string>();
    for (const configuration of this.#lender.known()) {
      const store = JSON.stringify(configuration.store);
      try {
        this.#logUnreadable(configuration.node.dataDir, unreadable);
        await this.#roundsOf(configuration).run(looksOnly);
        this.#failing.went(store);
      } catch (failure) {
        this.#failing.failed(store, "cannot look at the store, or for dead sandboxes", failure);
      }
    }
    this.#logged = unreadable;
    this.#forget();
    await this.#lender.closeIdle();
  }

  /** What the lender has forgotten is forgotten here, too. */
  #forget(): void {
    const known = this.#lender.known();
    this.#failing.keepOnly(new Set(known.map(({ store }) => JSON.stringify(store))));
    this.#context.metrics.keepStores(new Set(known.map(nameOfStore)));
  }

  /** One for each that the lender knows: it hands out the same object each time. */
  #roundsOf(configuration: Asking["configuration"]): StoreRounds {
    const rounds = this.#rounds.get(configuration) ?? new StoreRounds(configuration, this.#context);
    this.#rounds.set(configuration, rounds);
    return rounds;
  }

  /** Each file is logged once, as long as it is there. @param found takes those that are there. */
  #logUnreadable(dataDir: string, found: Set<string>): void {
    for (const file of unreadableKept(dataDir)) {
      const isKnown = this.#logged.has(file) || found.has(file);
      found.add(file);
      if (isKnown) continue;
      this.#log(
        "warn",
        "cannot read a kept DEL, so it is not replayed: what it releases is freed once its namespace is gone",
        { file },
      );
    }
  }
}
