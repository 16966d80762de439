import { unlessDamaged } from "../integrity/damage.ts";
import { isEpochAlone } from "../integrity/epoch.ts";
import { pause } from "../pause.ts";
import type { ClusterPorts } from "../ports.ts";
import type { MetaRecord } from "../records.ts";
import { refTo } from "../ref-to.ts";
import { type AnyChange, type Change, type Damage, StoreFailure } from "../store-port.ts";
import { Tidier } from "../tidier.ts";
import { INDEXED, type IndexedKind, StoreIndex } from "./store-index.ts";

const LIST_MS = 300_000;
const READ_MS = 10_000;
/** Before a store is listed again whose watch broke off; longer each time where it does not last. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/**
 * Keeps an index of the whole store: lists everything once, page by page, and follows one watch from there, also over
 * servers that do not answer for a while. Where the store no longer knows what changed since, it begins anew. For the one leader of a cluster alone (FLAT).
 */
export class StoreFollower {
  readonly #ports: ClusterPorts;
  readonly #told: () => void;
  readonly #pauseMs: number;
  #counted: StoreIndex | undefined;
  #whole: StoreIndex | undefined;

  /**
   * @param told is called when `counted` or `whole` is there, or there no more.
   * @param pauseMs before it begins anew the first time.
   */
  constructor(ports: ClusterPorts, told: () => void, pauseMs = FIRST_PAUSE_MS) {
    this.#ports = ports;
    this.#told = told;
    this.#pauseMs = pauseMs;
  }

  /** The index, as soon as it has all that is counted. */
  get counted(): StoreIndex | undefined {
    return this.#counted;
  }

  /** The index, as soon as it has everything. */
  get whole(): StoreIndex | undefined {
    return this.#whole;
  }

  /** Until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    for (let wait = this.#pauseMs; !signal.aborted; wait = Math.min(2 * wait, LONGEST_PAUSE_MS)) {
      const begun = performance.now();
      const reason = await this.#once(signal).catch(String);
      // Before the next one is made: two of them need not fit into memory.
      this.#forget();
      if (signal.aborted) return;
      if (performance.now() - begun > LONGEST_PAUSE_MS) wait = this.#pauseMs;
      this.#ports.log("warn", "reads the whole store again", { reason });
      await pause(wait, signal);
    }
  }

  async #once(signal: AbortSignal): Promise<void> {
    const { clusterNames, store } = this.#ports;
    const index = new StoreIndex(clusterNames);
    const damaged = index.damage.bind(index);
    const { identity, revision } = await this.#begin();
    const options = { ...within(LIST_MS), damaged };
    const tidier = new Tidier();
    for (const kind of INDEXED) {
      for await (const entry of store.list<IndexedKind>({ kind }, options)) {
        if (signal.aborted) return;
        index.put(entry);
        tidier.next();
      }
      if (kind === "allocation") {
        this.#counted = index;
        this.#told();
      }
    }
    tidier.end();
    this.#whole = index;
    this.#told();
    await this.#watch(index, { identity, revision }, signal);
  }

  /** An identity that cannot be read is compared once it can. */
  async #begin(): Promise<Begun> {
    const { store } = this.#ports;
    const read = () => store.read({ refs: [refTo.meta], exact: true }, within(READ_MS));
    const { get, revision } = await unlessDamaged(read, () => store.read({ exact: true }, within(READ_MS)));
    return { identity: get(refTo.meta)?.record, revision };
  }

  /** Until the store no longer knows what changed since. What was heard already comes again, and changes nothing. */
  async #watch(index: StoreIndex, begun: Begun, signal: AbortSignal): Promise<void> {
    const { store } = this.#ports;
    const damaged = (damage: Damage) => {
      if (damage.ref.kind !== "meta") index.damage(damage);
    };
    const options = { signal, damaged };
    let { identity } = begun;
    for (let seen = begun.revision; !signal.aborted; ) {
      try {
        for await (const change of store.changes(FOLLOWED, seen, options)) {
          if (isIdentity(change)) identity = requireSame(identity, change.record);
          else index.change(change);
          // Others of this revision may be missing where the watch ends here.
          seen = Math.max(seen, change.revision - 1);
        }
      } catch (failure) {
        if (!(failure instanceof StoreFailure) || failure.kind !== "unavailable") throw failure;
        await pause(this.#pauseMs, signal);
      }
    }
  }

  #forget(): void {
    this.#counted = undefined;
    this.#whole = undefined;
    this.#told();
  }
}

/** What the store was when it was read, and when that was. */
interface Begun {
  readonly identity: MetaRecord | undefined;
  readonly revision: number;
}

/** The identity tells of a store that was thrown back, recovered or made anew behind a watch that goes on. */
const FOLLOWED = [...INDEXED, "meta"] as const;

function isIdentity(change: AnyChange<IndexedKind | "meta">): change is Change<"meta"> {
  return change.ref.kind === "meta";
}

/** @throws StoreFailure where it is gone, more than the epoch has changed, or that has fallen. */
function requireSame(before: MetaRecord | undefined, after: MetaRecord | undefined): MetaRecord | undefined {
  if (before === undefined) return after;
  if (after !== undefined && (Bun.deepEquals(before, after) || isEpochAlone(before, after))) return after;
  throw new StoreFailure("history-lost", "the store's identity has changed");
}

function within(milliseconds: number): { readonly deadline: number } {
  return { deadline: performance.now() + milliseconds };
}
