import { type Address, bitsOf, type Family } from "../../address/address.ts";
import type { Taken } from "../../ipam/foresight.ts";
import { pause } from "../../ipam/pause.ts";
import type { Log } from "../../ipam/ports.ts";
import type { Store, WindowAnswer } from "../../ipam/store-port.ts";

/** The kinds of record that keep an address from being given out. */
const KINDS = ["allocation", "reservation", "cooling"] as const;
type Kind = (typeof KINDS)[number];

/** Keys of each kind that are read at a time. */
const PAGE = 1000;
const PAGE_MS = 10_000;
/** Before a map whose watch broke off is read again; longer each time where it does not last. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/**
 * Which addresses of a space are taken, kept up to date by watches: only keys, a few dozen bytes for
 * each address. A cache that may be stale: it decides where an ADD tries, never what it gets.
 */
export class SpaceMap implements Taken {
  readonly #store: Store;
  readonly #space: string;
  readonly #log: Log;
  readonly #stopping = new AbortController();
  /** For each taken address one bit per kind of record. */
  readonly #marks = new Map<number | bigint, number>();
  #complete = false;

  constructor(store: Store, space: string, log: Log) {
    this.#store = store;
    this.#space = space;
    this.#log = log;
    void this.#follow();
  }

  /** False until all was read, and again while it is read anew. */
  get complete(): boolean {
    return this.#complete;
  }

  get size(): number {
    return this.#marks.size;
  }

  has(address: Address): boolean {
    return this.#marks.has(keyOf(address));
  }

  /** Ends the watches. The map stays as it is. */
  stop(): void {
    this.#stopping.abort();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopping;
    for (let wait = FIRST_PAUSE_MS; !signal.aborted; wait = Math.min(2 * wait, LONGEST_PAUSE_MS)) {
      const begun = performance.now();
      const reason = await this.#once().catch(String);
      this.#complete = false;
      if (signal.aborted) return;
      if (performance.now() - begun > LONGEST_PAUSE_MS) wait = FIRST_PAUSE_MS;
      this.#log("debug", "reads the map of a space again", { space: this.#space, reason });
      await pause(wait, signal);
    }
  }

  /** Until a watch breaks off: later changes would be missed. */
  async #once(): Promise<void> {
    const { revision } = await this.#store.read({}, soon());
    this.#marks.clear();
    for (const family of [4, 6] as const) await this.#read(family);
    this.#complete = true;
    const round = new AbortController();
    const signal = AbortSignal.any([round.signal, this.#stopping.signal]);
    const watches = KINDS.map((kind) => this.#watch(kind, revision, signal));
    try {
      await Promise.race(watches);
    } finally {
      round.abort();
      await Promise.allSettled(watches);
    }
  }

  /** A change in between is read or not; the watches bring all of them. */
  async #read(family: Family): Promise<void> {
    const last = { family, value: (1n << BigInt(bitsOf(family))) - 1n };
    for (let first = { family, value: 0n }; first.value <= last.value && !this.#stopping.signal.aborted; ) {
      const window = { space: this.#space, first, last, limit: PAGE };
      const [answer] = (await this.#store.read({ windows: [window] }, soon())).windows;
      if (answer === undefined) return;
      for (const kind of KINDS) for (const address of addressesOf(answer, kind)) this.#mark(kind, address);
      first = { family, value: answer.knownThrough.value + 1n };
    }
  }

  async #watch(kind: Kind, since: number, signal: AbortSignal): Promise<void> {
    const scope = { kind, space: this.#space };
    for await (const { ref, present } of this.#store.watch(scope, since, { signal, keysOnly: true })) {
      if (present) this.#mark(kind, ref.address);
      else this.#unmark(kind, ref.address);
    }
  }

  #mark(kind: Kind, address: Address): void {
    const key = keyOf(address);
    this.#marks.set(key, (this.#marks.get(key) ?? 0) | BITS[kind]);
  }

  #unmark(kind: Kind, address: Address): void {
    const key = keyOf(address);
    const rest = (this.#marks.get(key) ?? 0) & ~BITS[kind];
    if (rest === 0) this.#marks.delete(key);
    else this.#marks.set(key, rest);
  }
}

const BITS: Readonly<Record<Kind, number>> = { allocation: 1, reservation: 2, cooling: 4 };

/** IPv4 addresses are small numbers, IPv6 ones are not: one map holds both. */
function keyOf({ family, value }: Address): number | bigint {
  return family === 4 ? Number(value) : value;
}

function addressesOf({ allocated, reserved, cooling }: WindowAnswer, kind: Kind): readonly Address[] {
  return kind === "allocation" ? allocated : kind === "reservation" ? reserved : cooling;
}

function soon(): { deadline: number } {
  return { deadline: performance.now() + PAGE_MS };
}
