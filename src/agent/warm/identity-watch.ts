import { unlessDamaged } from "../../ipam/integrity/damage.ts";
import { isEpochAlone } from "../../ipam/integrity/epoch.ts";
import { pause } from "../../ipam/pause.ts";
import type { MetaRecord } from "../../ipam/records.ts";
import { refTo } from "../../ipam/ref-to.ts";
import type { Snapshot, Store, Versioned } from "../../ipam/store-port.ts";

/** Before a watch that broke off is begun again. */
const PAUSE_MS = 500;
const READ_MS = 10_000;

/** What an agent knows of a store's identity without asking. */
export interface Identity {
  /** Whether each change is told: from the store's word that the watch stands until its connection is lost. */
  readonly stands: boolean;
  /** Another number after whatever is a reason to look at the store: see `IdentityWatch`. No two watches share one. */
  readonly news: number;
  /**
   * As it was told last; undefined where the store has none, where it cannot be read, and after a connection was
   * lost until it is told again.
   */
  readonly present: Versioned<MetaRecord> | undefined;
}

/** Whom a watch tells. */
export interface IdentityListener {
  /** There is news: the store should be looked at. */
  readonly stirred: () => void;
  /** The epoch has risen, and nothing else changed, as heard over this connection. */
  readonly raised: (identity: Versioned<MetaRecord>, connection: number | undefined) => void;
}

type WatchedStore = Pick<Store, "read" | "watch">;

/**
 * Watches a store's identity. News, and a call, is whatever changes it but a higher epoch (a suspicion, a
 * recovery, an import, a lower epoch), that the watch broke off, and that it stands again: the store may have
 * been thrown back meanwhile, and the sooner that is noticed, the fewer lost addresses others are given. The
 * epoch rises once a minute, and a look of every node for that would cost the store the more, the more nodes
 * there are.
 */
export class IdentityWatch implements Identity {
  readonly #store: WatchedStore;
  readonly #listener: IdentityListener;
  readonly #stopping = new AbortController();
  #stands = false;
  #connection: number | undefined;
  #news = nextNews();
  #present: Versioned<MetaRecord> | undefined;

  /** Begins at once. */
  constructor(store: WatchedStore, listener: IdentityListener) {
    this.#store = store;
    this.#listener = listener;
    void this.#follow();
  }

  get stands(): boolean {
    return this.#stands;
  }

  get news(): number {
    return this.#news;
  }

  get present(): Versioned<MetaRecord> | undefined {
    return this.#present;
  }

  /** Ends the watch. */
  stop(): void {
    this.#stopping.abort();
    this.#stands = false;
  }

  #stir(): void {
    this.#news = nextNews();
    this.#listener.stirred();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#once().catch(() => undefined);
      if (signal.aborted) return;
      this.#stand(false);
      await pause(PAUSE_MS, signal);
    }
  }

  async #once(): Promise<void> {
    const { signal } = this.#stopping;
    const snapshot = await read(this.#store);
    if (signal.aborted) return;
    this.#present = snapshot.get(refTo.meta);
    this.#connection = snapshot.connection;
    const options = {
      signal,
      stands: (stands: boolean, connection?: number) => this.#stand(stands, connection),
      damaged: () => this.#take(undefined),
    };
    const scope = { kind: "meta" } as const;
    for await (const { record, revision } of this.#store.watch(scope, snapshot.revision, options))
      this.#take(record && { record, revision });
  }

  #stand(stands: boolean, connection?: number): void {
    if (this.#stopping.signal.aborted) return;
    this.#stands = stands;
    // What was told over another connection may be of a state that the store was thrown back from.
    if (connection !== this.#connection || !stands) this.#present = undefined;
    this.#connection = connection;
    this.#stir();
  }

  #take(told: Versioned<MetaRecord> | undefined): void {
    const before = this.#present;
    this.#present = told;
    if (before === undefined || told === undefined || !isEpochAlone(before.record, told.record)) this.#stir();
    else this.#listener.raised(told, this.#connection);
  }
}

/** An identity that cannot be read is none: a look says what is wrong with it. */
function read(store: WatchedStore): Promise<Snapshot> {
  const soon = () => ({ deadline: performance.now() + READ_MS });
  const ask = () => store.read({ refs: [refTo.meta], exact: true }, soon());
  return unlessDamaged<Snapshot>(ask, async () => ({
    ...(await store.read({ exact: true }, soon())),
    get: () => undefined,
  }));
}

let told = 0;

function nextNews(): number {
  told += 1;
  return told;
}
