import type { OpenPorts } from "../cni/protocol/call.ts";
import { adoptImported } from "../ipam/free/adopt.ts";
import { reclaim } from "../ipam/free/reclaim.ts";
import { hearOfEpoch } from "../ipam/integrity/epoch.ts";
import type { Log } from "../ipam/ports.ts";
import { StoreFailure } from "../ipam/store-port.ts";
import { pluginLog } from "../log/plugin-log.ts";
import { answerHere } from "../runtime/answer-here.ts";
import { requireClusterNames } from "../runtime/cluster-names.ts";
import type { Asking } from "../runtime/open-ports.ts";
import { runtimeNotes } from "../runtime/runtime-notes.ts";
import type { Metrics } from "./events/metrics.ts";
import { FailureLog } from "./failure-log.ts";
import { otherStores } from "./other-stores.ts";
import { Pace } from "./pace.ts";
import { StoreWatch } from "./store-watch.ts";
import type { Identity } from "./warm/identity-watch.ts";
import type { Lender } from "./warm/lend-ports.ts";

const RECORDS = 100;
/** Attachments that one round examines: more than any but a very large node has. */
const LOOK = 500;
const NAMES_MS = 2_000;
/** The longest that one round waits for a store that does not answer. */
const MOST_MS = 10_000;
/** Looks at a store that tells of itself: what its watch cannot tell is a holding that a hand deleted. */
const LOOKS = { restMs: 0, quietMs: 30_000 };
/** Lists for imported attachments; an import says that there may be some (`announceImport`). */
const ADOPTIONS = { restMs: 20_000, quietMs: 600_000 };

const RECOVERY = "recovery";
const IMPORTED = "imported";

/** What rounds share. */
export interface RoundsContext {
  readonly lender: Lender;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Milliseconds of a clock that only goes forward; default this process's. */
  readonly now?: () => number;
}

/**
 * The rounds of one store that was asked for: looks whether it was thrown back, answers its recovery, takes over
 * what was imported, and frees what is dead. Where nothing is dead, and the watch of the store's identity tells
 * nothing new, a round asks the store for nothing.
 */
export class StoreRounds {
  readonly #configuration: Asking["configuration"];
  readonly #context: RoundsContext;
  readonly #watch: StoreWatch;
  readonly #looks: Pace;
  readonly #adoptions: Pace;
  /** What failed of a round that went on. */
  readonly #troubles: FailureLog;

  constructor(configuration: Asking["configuration"], context: RoundsContext) {
    const { log, metrics, now } = context;
    this.#configuration = configuration;
    this.#context = context;
    this.#watch = new StoreWatch(nameOfStore(configuration), metrics, log, now);
    this.#looks = new Pace(LOOKS, now);
    this.#adoptions = new Pace(ADOPTIONS, now);
    this.#troubles = new FailureLog(log);
  }

  /**
   * One round.
   *
   * @param looksOnly frees nothing: what is dead waits for its round, and for the DEL that may still come.
   * @throws StoreFailure, IpamError; the next round goes on.
   */
  async run(looksOnly: boolean): Promise<void> {
    const deadline = performance.now() + MOST_MS;
    const ports = await this.#lend(deadline);
    try {
      const identity = await this.#context.lender.identityOf(this.#configuration);
      const trouble = await this.#look(identity, ports, deadline);
      if (!looksOnly) {
        await this.#adoptImported(identity, ports, deadline);
        this.#context.metrics.reclaimed.inc(await reclaim(ports, { records: RECORDS, look: LOOK, deadline }));
      }
      // What keeps a node from looking, as a damaged file of its memory, keeps nothing from being freed.
      if (trouble !== undefined) throw trouble;
    } finally {
      await ports.close();
    }
  }

  /** @returns what kept this node from looking. @throws StoreFailure where the store is not available. */
  async #look(identity: Identity | undefined, ports: OpenPorts, deadline: number): Promise<unknown> {
    if (!this.#looks.due(identity)) {
      if (identity?.present !== undefined) hearOfEpoch(identity.present, ports);
      return undefined;
    }
    this.#looks.begin(identity);
    let trouble: unknown;
    const looked = await this.#watch.look(ports, deadline).catch((failure) => {
      trouble = failure;
      return undefined;
    });
    if (isUnavailable(trouble)) throw trouble;
    // A store that was never recovered asks nobody.
    const isAnswered = looked?.recovered === false || (await this.#answerRecovery(ports, deadline));
    if (looked?.quiet === true && isAnswered) this.#looks.end();
    return trouble;
  }

  /** The cluster's name says which records are its own; a node asks for it once in its life. */
  async #lend(deadline: number): Promise<OpenPorts> {
    const configuration = this.#configuration;
    const { node } = configuration;
    const ports = await this.#context.lender.lendBetweenVerbs(
      { verb: "GC", deadline, configuration },
      pluginLog(node),
    );
    const { shared } = ports.store.description;
    if (ports.clusterNames !== undefined || ports.cluster === undefined || !shared) return ports;
    const soon = Math.min(deadline, performance.now() + NAMES_MS);
    const clusterNames = await requireClusterNames(node.dataDir, ports.node.name, ports.cluster, soon).catch(
      () => undefined,
    );
    return clusterNames === undefined ? ports : { ...ports, clusterNames };
  }

  /**
   * A recovered store asks what this node's pods hold; reclaiming goes on whatever the answer.
   *
   * @returns whether it has asked for nothing.
   */
  async #answerRecovery(ports: OpenPorts, deadline: number): Promise<boolean> {
    const { lender, log } = this.#context;
    const configuration = this.#configuration;
    try {
      const others = () => otherStores(lender, configuration, log, deadline);
      const answer = await answerHere(configuration, ports, others, deadline);
      this.#troubles.went(RECOVERY);
      if (answer === undefined) return true;
      const { attachments, written, conflicts } = answer;
      const level = conflicts.length > 0 ? "error" : "info";
      log(level, "reported to the recovered store what this node's pods hold", {
        attachments,
        written,
        conflicts: conflicts.map(({ address, heldBy }) => `${address} is held by ${heldBy}`),
      });
    } catch (failure) {
      // Whether it was recovered is not even known, and there is nothing to reclaim in it now.
      if (isUnavailable(failure)) throw failure;
      this.#troubles.failed(
        RECOVERY,
        "cannot look for a recovery of the store, or cannot answer it",
        failure,
      );
    }
    return false;
  }

  /** Takes over what was imported from another plugin for this node's containers. */
  async #adoptImported(identity: Identity | undefined, ports: OpenPorts, deadline: number): Promise<void> {
    if (!this.#adoptions.due(identity)) return;
    this.#adoptions.begin(identity);
    const { node } = this.#configuration;
    try {
      const notes = runtimeNotes(node.cniCacheDir, ports.node);
      const { adopted, freed, open } = await adoptImported(notes, ports, { deadline });
      this.#troubles.went(IMPORTED);
      if (open === 0) this.#adoptions.end();
      if (adopted + freed > 0)
        this.#context.log("info", "took over imported attachments", { adopted, freed });
    } catch (failure) {
      this.#troubles.failed(IMPORTED, "cannot take over imported attachments", failure);
    }
  }
}

/** Tells the stores of the metrics' sums apart. */
export function nameOfStore({ node, store }: Asking["configuration"]): string {
  return JSON.stringify([node, store]);
}

function isUnavailable(failure: unknown): boolean {
  return failure instanceof StoreFailure && failure.kind === "unavailable";
}
