import { statSync } from "node:fs";
import type { StoreSettings } from "../../config/network-configuration.ts";
import { WarmForesight } from "../../ipam/foresee/warm-foresight.ts";
import type { Foresight } from "../../ipam/foresight.ts";
import type { Store } from "../../ipam/store-port.ts";
import { configuredStore } from "../../store/kinds/kinds.ts";
import { type Identity, IdentityWatch } from "./identity-watch.ts";
import { override } from "./override.ts";

/** A store that was not used for so long is closed. */
const IDLE_MS = 10 * 60_000;

interface Warm {
  readonly store: Store;
  /** Absent where the store gains nothing from foreseeing. */
  readonly foresight?: Foresight;
  readonly identity?: Identity;
  /** Ends what follows the store's changes. */
  readonly stop?: () => void;
  /** Which file it is, if it is a file: a store that was replaced must not be written to any more. */
  readonly stamp: string;
  users: number;
  used: number;
}

export interface Lent {
  /** Its `close` gives it back. */
  readonly store: Store;
  readonly foresight?: Foresight;
}

/** One open store for each distinct configuration, lent to every verb that names it. */
export class WarmStores {
  readonly #open: (settings: StoreSettings) => Promise<Store>;
  readonly #warm = new Map<string, Promise<Warm>>();
  /** Called when a store should be looked at. */
  stirred: () => void = () => undefined;

  constructor(open = (settings: StoreSettings) => configuredStore(settings).open()) {
    this.#open = open;
  }

  /** Rejects as opening does, and the next one tries again. */
  async lend(settings: StoreSettings): Promise<Lent> {
    const warm = await this.#find(settings);
    warm.users += 1;
    return { store: lent(warm), ...(warm.foresight && { foresight: warm.foresight }) };
  }

  /** What is known of a store's identity without asking; undefined where nobody watches it, or it is not open. */
  async identityOf(settings: StoreSettings): Promise<Identity | undefined> {
    return (await this.#warm.get(keyOf(settings)))?.identity;
  }

  /** Closes what is unused, and was for a while; with `all`, everything. */
  async closeIdle(all = false): Promise<void> {
    for (const [key, opening] of this.#warm) {
      const warm = await opening.catch(() => undefined);
      const idle = warm !== undefined && warm.users === 0 && performance.now() - warm.used > IDLE_MS;
      if (!(all || idle)) continue;
      this.#warm.delete(key);
      warm?.stop?.();
      await warm?.store.close();
    }
  }

  /** The etcd endpoints in use by the open stores: configured ones, so they are few. */
  async endpoints(): Promise<string[]> {
    return [...new Set((await this.#opened()).flatMap(({ store }) => store.endpoint?.() ?? []))];
  }

  async #opened(): Promise<Warm[]> {
    const open = await Promise.all([...this.#warm.values()].map((warm) => warm.catch(() => undefined)));
    return open.filter((warm) => warm !== undefined);
  }

  async #find(settings: StoreSettings): Promise<Warm> {
    const key = keyOf(settings);
    const known = await this.#warm.get(key);
    if (known !== undefined && known.stamp === stampOf(settings)) return known;
    if (known !== undefined) this.#retire(key, known);
    const opening = this.#warm.get(key) ?? this.#begin(key, settings);
    return opening;
  }

  #begin(key: string, settings: StoreSettings): Promise<Warm> {
    const opening = this.#open(settings).then((store) => ({
      store,
      ...this.#foreseeing(store),
      stamp: stampOf(settings),
      users: 0,
      used: performance.now(),
    }));
    this.#warm.set(key, opening);
    opening.catch(() => this.#warm.delete(key));
    return opening;
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

  /** Lends it no more, and closes it when the verbs that have it are done. */
  #retire(key: string, warm: Warm): void {
    this.#warm.delete(key);
    warm.stop?.();
    const timer = setInterval(() => {
      if (warm.users > 0) return;
      clearInterval(timer);
      void warm.store.close();
    }, 1_000);
    timer.unref();
  }
}

const keys = new WeakMap<StoreSettings, string>();

function keyOf(settings: StoreSettings): string {
  const known = keys.get(settings) ?? JSON.stringify(settings);
  keys.set(settings, known);
  return known;
}

function lent(warm: Warm): Store {
  let returned = false;
  return override(warm.store, {
    close: async () => {
      if (returned) return;
      returned = true;
      warm.users -= 1;
      warm.used = performance.now();
    },
  });
}

function stampOf(settings: StoreSettings): string {
  const { file } = configuredStore(settings);
  if (file === undefined) return "";
  try {
    const { dev, ino } = statSync(file);
    return `${dev}:${ino}`;
  } catch {
    return "absent";
  }
}
