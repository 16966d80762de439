import { findDamaged } from "../audit/damage.ts";
import type { ClusterPorts } from "../ports.ts";
import type { CallOptions } from "../store-port.ts";
import type { AddressKey } from "./address-key.ts";
import { plus } from "./hash.ts";
import { type Found, judge, type Known } from "./judge.ts";
import { ofEachKind, SUSPECT_KINDS, type Suspects, suspectsIn } from "./suspects.ts";

interface Verdict {
  readonly state: number;
  readonly found: readonly Found[];
  /** Where an owner or a pod was judged by what others have: these addresses, and their state then. */
  readonly looked: readonly AddressKey[];
  readonly around: number;
}

/** Milliseconds after which what is suspect is judged anew although nothing of it has changed: a safety net. */
const AGAIN_MS = 600_000;
/** Of those whose whole records a round holds at once. */
const MOST = 2_000;

/**
 * What an audit of the whole cluster would find, kept up to date: each round goes through the index, and reads live only
 * what two rounds in a row found suspect and no round has judged yet. In rest a round reads nothing.
 */
export class Findings {
  readonly #known: Known;
  readonly #ports: ClusterPorts;
  readonly #now: () => number;
  #before: Suspects = ofEachKind(() => new Map());
  readonly #verdicts = ofEachKind(() => new Map<AddressKey, Verdict>());
  #seen = "";
  #frame = 0;
  #since: number;

  /** @param now this process's monotonic clock, in milliseconds. */
  constructor(known: Known, ports: ClusterPorts, now: () => number) {
    this.#known = known;
    this.#ports = ports;
    this.#now = now;
    this.#since = now();
  }

  /** All findings now, each once. */
  all(): Found[] {
    const found = Object.values(this.#verdicts).flatMap((of) =>
      [...of.values()].flatMap((each) => each.found),
    );
    const damaged = findDamaged({ damaged: [...this.#known.store.damaged.values()] });
    return [...new Map([...damaged, ...found].map(({ id, kind }) => [id, { id, kind }])).values()];
  }

  /**
   * One round.
   *
   * @returns false where something waits for the next one.
   * @throws StoreFailure; IpamError where Kubernetes does not answer. What is not judged yet is, in a later round.
   */
  async round(options: CallOptions & { readonly signal: AbortSignal }): Promise<boolean> {
    const { pods, store } = this.#known;
    if (this.#now() - this.#since >= AGAIN_MS || store.frame !== this.#frame) this.#judgeAnew();
    const seen = `${store.changes} ${pods.changes}`;
    if (seen === this.#seen) return true;
    store.boots.learnNodes(this.#known.nodes.all);
    const now = suspectsIn(store, pods);
    const due = ofEachKind(() => new Map<AddressKey, number>());
    let waits = false;
    for (const kind of SUSPECT_KINDS) {
      const verdicts = this.#verdicts[kind];
      for (const [key, state] of now[kind]) {
        const verdict = verdicts.get(key);
        if (verdict?.state === state && this.#stateAround(verdict.looked) === verdict.around) continue;
        const isRoom = kind === "addresses" || due[kind].size < MOST;
        if (isRoom && this.#before[kind].get(key) === state) due[kind].set(key, state);
        else waits = true;
      }
      for (const key of verdicts.keys()) if (!now[kind].has(key)) verdicts.delete(key);
    }
    this.#before = now;
    const isDone = await judge(due, this.#known, this.#ports, options, (kind, key, found, keys) => {
      const looked = kind === "owners" || kind === "pods" ? keys : [];
      const verdict = { state: due[kind].get(key) ?? 0, found, looked, around: this.#stateAround(looked) };
      this.#verdicts[kind].set(key, verdict);
    });
    if (waits || !isDone) return false;
    this.#seen = seen;
    return true;
  }

  #stateAround(keys: readonly AddressKey[]): number {
    const { allocations } = this.#known.store;
    return keys.reduce<number>((sum, key) => {
      for (const row of allocations.of(key)) sum = plus(sum, allocations.stateOf(row));
      return sum;
    }, 0);
  }

  #judgeAnew(): void {
    this.#since = this.#now();
    this.#frame = this.#known.store.frame;
    this.#seen = "";
    for (const verdicts of Object.values(this.#verdicts))
      for (const [key, verdict] of verdicts) verdicts.set(key, { ...verdict, state: Number.NaN });
  }
}
