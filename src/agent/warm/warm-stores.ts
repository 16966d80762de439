import { statSync } from "node:fs";
import { CAPS } from "../../address/caps.ts";
import type { StoreSettings } from "../../config/network-configuration.ts";
import { WarmForesight } from "../../ipam/foresee/warm-foresight.ts";
import type { Foresight } from "../../ipam/foresight.ts";
import type { Store } from "../../ipam/store-port.ts";
import { configuredStore } from "../../store/kinds/kinds.ts";
import { type Identity, IdentityWatch } from "./identity-watch.ts";
import { override } from "./override.ts";
import { stampOf } from "./warm-clusters.ts";

/** A store that was not used for so long is closed. */
const IDLE_MS = 10 * 60_000;

interface Warm {
  readonly store: Store;
  /** Absent where the store gains nothing from foreseeing. */
  readonly foresight?: Foresight;
  readonly identity?: Identity;
  /** Ends what follows the store's changes. */
  readonly stop?: () => void;
}

interface Kept {
  readonly opening: Promise<Warm>;
  /** Which file it is, if it is a file: a store that was replaced must not be written to any more. Unknown while it is opened. */
  stamp: string | undefined;
  /** Which kubeconfig it was opened with, if it is opened with one: a token in there ends, and who renews it writes another file. */
  readonly credentials: string;
  /** Verbs that have it, or wait until it is open. */
  users: number;
  used: number;
  /** It is lent no more: who has it last closes it. */
  retired: boolean;
}

export interface Lent {
  /** Its `close` gives it back. */
  readonly store: Store;
  readonly foresight?: Foresight;
}

/**
 * One open store for each distinct configuration, lent to every verb that names it. Of too many, those are closed that
 * nobody uses and that were lent longest ago (CAPPED): the next verb opens them again.
 */
export class WarmStores {
  readonly #open: (settings: StoreSettings) => Promise<Store>;
  readonly #most: number;
  /** What was lent longest ago comes first. */
  readonly #kept = new Map<string, Kept>();
  /** Called when a store should be looked at. */
  stirred: () => void = () => undefined;

  /** @param most how many stay open although nobody uses them. */
  constructor(
    open = (settings: StoreSettings) => configuredStore(settings).open(),
    most: number = CAPS.warm,
  ) {
    this.#open = open;
    this.#most = most;
  }

  /** Rejects as opening does, and the next one tries again. */
  async lend(settings: StoreSettings): Promise<Lent> {
    const kept = this.#take(settings);
    try {
      const { foresight, store } = await kept.opening;
      return { store: this.#lent(store, kept), ...(foresight && { foresight }) };
    } catch (failure) {
      this.#giveBack(kept);
      throw failure;
    }
  }

  /** What is known of a store's identity without asking; undefined where nobody watches it, or it is not open. */
  async identityOf(settings: StoreSettings): Promise<Identity | undefined> {
    return (await this.#kept.get(keyOf(settings))?.opening)?.identity;
  }

  /** Closes what is unused, and was for a while; with `all`, everything. */
  async closeIdle(all = false): Promise<void> {
    for (const [key, kept] of this.#kept) {
      const idle = kept.users === 0 && performance.now() - kept.used > IDLE_MS;
      if (!(all || idle)) continue;
      this.#kept.delete(key);
      await close(kept);
    }
  }

  /** The etcd endpoints in use by the open stores: configured ones, so they are few. */
  async endpoints(): Promise<string[]> {
    return [...new Set((await this.#opened()).flatMap(({ store }) => store.endpoint?.() ?? []))];
  }

  async #opened(): Promise<Warm[]> {
    const open = await Promise.all(
      [...this.#kept.values()].map(({ opening }) => opening.catch(() => undefined)),
    );
    return open.filter((warm) => warm !== undefined);
  }

  /** The caller is a user of it from now on, so that nobody closes it before it has it. */
  #take(settings: StoreSettings): Kept {
    const key = keyOf(settings);
    const before = this.#kept.get(key);
    const isSame = before !== undefined && isCurrent(before, settings);
    if (before !== undefined && !isSame) this.#retire(key, before);
    const kept = isSame ? before : this.#begin(key, settings);
    kept.users += 1;
    // What was lent last goes last.
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    this.#makeRoom();
    return kept;
  }

  #begin(key: string, settings: StoreSettings): Kept {
    // Before they are read: what is renewed meanwhile counts as another.
    const credentials = credentialsOf(settings);
    const opening = this.#open(settings).then((store) => ({ store, ...this.#foreseeing(store) }));
    const now = { users: 0, used: performance.now(), retired: false };
    const kept: Kept = { opening, stamp: undefined, credentials, ...now };
    opening.then(
      () => {
        kept.stamp = placeOf(settings);
      },
      () => {
        if (this.#kept.get(key) === kept) this.#kept.delete(key);
      },
    );
    return kept;
  }

  #foreseeing(store: Store): Pick<Warm, "foresight" | "identity" | "stop"> {
    if (!store.description.foresees) return {};
    const foresight = new WarmForesight();
    const identity = new IdentityWatch(store, {
      stirred: () => this.stirred(),
      raised: (meta, connection) => foresight.identified(meta, connection),
    });
    return { foresight, identity, stop: () => identity.stop() };
  }

  #lent(store: Store, kept: Kept): Store {
    let returned = false;
    return override(store, {
      close: async () => {
        if (returned) return;
        returned = true;
        this.#giveBack(kept);
      },
    });
  }

  #giveBack(kept: Kept): void {
    kept.users -= 1;
    kept.used = performance.now();
    if (kept.retired && kept.users === 0) void close(kept);
    this.#makeRoom();
  }

  /** All that are too many may be in use: who gives one back makes room then. */
  #makeRoom(): void {
    for (const [key, kept] of this.#kept) {
      if (this.#kept.size <= this.#most) return;
      if (kept.users === 0) this.#retire(key, kept);
    }
  }

  /** Lends it no more, and closes it when the verbs that have it are done. */
  #retire(key: string, kept: Kept): void {
    this.#kept.delete(key);
    kept.retired = true;
    if (kept.users === 0) void close(kept);
    else
      kept.opening.then(
        ({ stop }) => stop?.(),
        () => undefined,
      );
  }
}

/** One that could not be opened is closed already. */
async function close({ opening }: Kept): Promise<void> {
  const warm = await opening.catch(() => undefined);
  warm?.stop?.();
  await warm?.store.close();
}

const keys = new WeakMap<StoreSettings, string>();

function keyOf(settings: StoreSettings): string {
  const known = keys.get(settings) ?? JSON.stringify(settings);
  keys.set(settings, known);
  return known;
}

function isCurrent({ credentials, stamp }: Kept, settings: StoreSettings): boolean {
  return credentials === credentialsOf(settings) && (stamp === undefined || stamp === placeOf(settings));
}

function credentialsOf(settings: StoreSettings): string {
  return stampOf(configuredStore(settings).ofCluster?.settings.kubeConfig);
}

function placeOf(settings: StoreSettings): string {
  const { file } = configuredStore(settings);
  if (file === undefined) return "";
  try {
    const { dev, ino } = statSync(file);
    return `${dev}:${ino}`;
  } catch {
    return "absent";
  }
}
