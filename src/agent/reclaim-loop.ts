import type { OpenPorts } from "../cni/protocol/call.ts";
import { adoptImported } from "../ipam/free/adopt.ts";
import { reclaim } from "../ipam/free/reclaim.ts";
import type { Log } from "../ipam/ports.ts";
import { StoreFailure } from "../ipam/store-port.ts";
import { pluginLog } from "../log/plugin-log.ts";
import { unreadableKept } from "../node/kept-releases.ts";
import { answerHere } from "../runtime/answer-here.ts";
import { requireClusterNames } from "../runtime/cluster-names.ts";
import type { Asking } from "../runtime/open-ports.ts";
import { runtimeNotes } from "../runtime/runtime-notes.ts";
import type { Metrics } from "./events/metrics.ts";
import { FailureLog } from "./failure-log.ts";
import { otherStores } from "./other-stores.ts";
import { StoreWatch } from "./store-watch.ts";
import type { Lender } from "./warm/lend-ports.ts";

const EVERY_MS = 5_000;
const AFTER_FAILURE_MS = 1_000;
/** Between two rounds, where a store stirs. */
const AT_ONCE_MS = 50;
const RECORDS = 100;
/** Attachments that one round examines: more than any but a very large node has. */
const LOOK = 500;
const ADOPT_EVERY_MS = 20_000;
const NAMES_MS = 2_000;
/** The longest that one round waits for a store that does not answer. */
const MOST_MS = 10_000;

/**
 * Frees what this node's dead sandboxes hold, on EVIDENCE alone, and replays kept releases, in every
 * store that was asked for since the agent began (and the one of the node's file).
 */
export class ReclaimLoop {
  readonly #lender: Lender;
  readonly #metrics: Metrics;
  readonly #log: Log;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #round: Promise<void> = Promise.resolve();
  #stopped = false;
  readonly #everyMs: number;
  #hurry = false;
  /** When the last whole round ended, in milliseconds of performance.now(). */
  #ended = performance.now();
  /** When each store was last looked through for imported attachments. */
  readonly #adopted = new Map<string, number>();
  readonly #watches = new Map<string, StoreWatch>();
  /** The stores whose last round failed. */
  readonly #failing: FailureLog;
  /** What failed of a round that went on. */
  readonly #troubles: FailureLog;
  /** Files of kept DELs that the log has named. */
  readonly #logged = new Set<string>();

  /** @param everyMs rest between two whole rounds, in milliseconds. */
  constructor(lender: Lender, metrics: Metrics, log: Log, everyMs = EVERY_MS) {
    this.#everyMs = everyMs;
    this.#lender = lender;
    this.#metrics = metrics;
    this.#log = log;
    this.#failing = new FailureLog(log);
    this.#troubles = new FailureLog(log);
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
    for (const configuration of this.#lender.known()) {
      const store = JSON.stringify(configuration.store);
      try {
        await this.#runOne(configuration, looksOnly);
        this.#failing.went(store);
      } catch (failure) {
        this.#failing.failed(store, "cannot look at the store, or for dead sandboxes", failure);
      }
    }
    await this.#lender.closeIdle();
  }

  async #runOne(configuration: Asking["configuration"], looksOnly: boolean): Promise<void> {
    const deadline = performance.now() + MOST_MS;
    this.#logUnreadable(configuration.node.dataDir);
    const ports = await this.#lend(configuration, deadline);
    try {
      const trouble: unknown = await this.#watchOf(configuration)
        .look(ports, deadline)
        .catch((failure) => failure);
      if (isUnavailable(trouble)) throw trouble;
      await this.#answerRecovery(configuration, ports, deadline);
      if (!looksOnly) {
        await this.#adoptImported(configuration, ports, deadline);
        this.#metrics.reclaimed.inc(await reclaim(ports, { records: RECORDS, look: LOOK, deadline }));
      }
      // What keeps a node from looking, as a damaged file of its memory, keeps nothing from being freed.
      if (trouble !== undefined) throw trouble;
    } finally {
      await ports.close();
    }
  }

  #watchOf(configuration: Asking["configuration"]): StoreWatch {
    const store = JSON.stringify([configuration.node, configuration.store]);
    const watch = this.#watches.get(store) ?? new StoreWatch(store, this.#metrics, this.#log);
    this.#watches.set(store, watch);
    return watch;
  }

  /** Each file is logged once in the life of a process. */
  #logUnreadable(dataDir: string): void {
    for (const file of unreadableKept(dataDir)) {
      if (this.#logged.has(file)) continue;
      this.#logged.add(file);
      this.#log(
        "warn",
        "cannot read a kept DEL, so it is not replayed: what it releases is freed once its namespace is gone",
        {
          file,
        },
      );
    }
  }

  /** The cluster's name says which records are its own; a node asks for it once in its life. */
  async #lend(configuration: Asking["configuration"], deadline: number): Promise<OpenPorts> {
    const { node } = configuration;
    const ports = await this.#lender.lend({ verb: "GC", deadline, configuration }, pluginLog(node));
    const { shared } = ports.store.description;
    if (ports.clusterNames !== undefined || ports.cluster === undefined || !shared) return ports;
    const soon = Math.min(deadline, performance.now() + NAMES_MS);
    const clusterNames = await requireClusterNames(node.dataDir, ports.node.name, ports.cluster, soon).catch(
      () => undefined,
    );
    return clusterNames === undefined ? ports : { ...ports, clusterNames };
  }

  /** A recovered store asks what this node's pods hold; reclaiming goes on whatever the answer. */
  async #answerRecovery(configuration: Asking["configuration"], ports: OpenPorts, deadline: number) {
    const what = `recovery ${JSON.stringify(configuration.store)}`;
    try {
      const others = () => otherStores(this.#lender, configuration, this.#log, deadline);
      const answer = await answerHere(configuration, ports, others, deadline);
      this.#troubles.went(what);
      if (answer === undefined) return;
      const { attachments, written, conflicts } = answer;
      const level = conflicts.length > 0 ? "error" : "info";
      this.#log(level, "reported to the recovered store what this node's pods hold", {
        attachments,
        written,
        conflicts: conflicts.map(({ address, heldBy }) => `${address} is held by ${heldBy}`),
      });
    } catch (failure) {
      // Whether it was recovered is not even known, and there is nothing to reclaim in it now.
      if (isUnavailable(failure)) throw failure;
      this.#troubles.failed(what, "cannot look for a recovery of the store, or cannot answer it", failure);
    }
  }

  /** Takes over what was imported from another plugin for this node's containers. */
  async #adoptImported(configuration: Asking["configuration"], ports: OpenPorts, deadline: number) {
    const store = JSON.stringify(configuration.store);
    const last = this.#adopted.get(store) ?? Number.NEGATIVE_INFINITY;
    if (performance.now() - last < ADOPT_EVERY_MS) return;
    this.#adopted.set(store, performance.now());
    const what = `imported ${store}`;
    try {
      const notes = runtimeNotes(configuration.node.cniCacheDir, ports.node);
      const { adopted, freed } = await adoptImported(notes, ports, { deadline });
      this.#troubles.went(what);
      if (adopted + freed > 0) this.#log("info", "took over imported attachments", { adopted, freed });
    } catch (failure) {
      this.#troubles.failed(what, "cannot take over imported attachments", failure);
    }
  }
}

function isUnavailable(failure: unknown): boolean {
  return failure instanceof StoreFailure && failure.kind === "unavailable";
}
