import { parseAddress } from "../../address/address.ts";
import type { AllocationRecord, RefOf } from "../records.ts";
import type { Entry } from "../store-port.ts";

/** What is known of an allocation that is not kept, as bits. */
export const IS = {
  /** Its record is kept. */
  kept: 1,
  /** Its attachment says the same. */
  matched: 2,
  /** Only where its pod shows it, nothing is wrong. */
  claimable: 4,
  /** Its pod shows it. */
  claimed: 8,
  /** Nobody can judge from here whether its holder lives. */
  unjudged: 16,
  /** Something about it is to be looked at. */
  wanted: 32,
} as const;

/** What the index says of one allocation. */
export interface Noted {
  /** Fingerprint of the attachment and the request that hold it. */
  readonly holder: number;
  /** Fingerprint of the pod that must show it, or of the node of a container without a pod. */
  readonly claim: number;
  /** Fingerprint of the pod's name; NaN for a container without a pod. */
  readonly pod: number;
  readonly flags: number;
}

/**
 * All allocations of a store in about 140 bytes each, where a record has some 800 in the store and more in memory: an
 * audit keeps the records only of what looks wrong.
 */
export class AllocationIndex {
  /** The first allocation of an address, by text. */
  readonly #first = new Map<string, number>();
  /** The next one of the same address, in another address space; -1 for none. */
  readonly #next: number[] = [];
  readonly #texts: string[] = [];
  readonly #spaces: string[] = [];
  readonly #interned = new Map<string, string>();
  readonly #holders: number[] = [];
  readonly #claims: number[] = [];
  readonly #pods: number[] = [];
  readonly #flags: number[] = [];
  readonly #records = new Map<number, Entry<"allocation">>();

  get size(): number {
    return this.#texts.length;
  }

  /** How many records are kept as they are. */
  get kept(): number {
    return this.#records.size;
  }

  /** In the order of the listing. */
  add(space: string, text: string, { holder, claim, pod, flags }: Noted, entry?: Entry<"allocation">): void {
    const index = this.size;
    const before = this.#first.get(text);
    if (before === undefined) this.#first.set(text, index);
    else this.#next[this.#lastOf(before)] = index;
    this.#next.push(-1);
    this.#texts.push(text);
    this.#spaces.push(this.#interned.get(space) ?? space);
    this.#interned.set(space, this.#spaces[index] ?? space);
    this.#holders.push(holder);
    this.#claims.push(claim);
    this.#pods.push(pod);
    this.#flags.push(flags);
    if (entry !== undefined) this.#records.set(index, entry);
  }

  /** The allocations of one address, in all spaces. */
  at(text: string): number[] {
    const found: number[] = [];
    for (let index = this.#first.get(text) ?? -1; index >= 0; index = this.#next[index] ?? -1)
      found.push(index);
    return found;
  }

  in(space: string, text: string): number | undefined {
    return this.at(text).find((index) => this.#spaces[index] === space);
  }

  holder(index: number): number | undefined {
    return this.#holders[index];
  }

  claim(index: number): number | undefined {
    return this.#claims[index];
  }

  pod(index: number): number {
    return this.#pods[index] ?? Number.NaN;
  }

  is(index: number, flag: number): boolean {
    return ((this.#flags[index] ?? 0) & flag) !== 0;
  }

  mark(index: number, flag: number): void {
    this.#flags[index] = (this.#flags[index] ?? 0) | flag;
  }

  record(index: number): Entry<"allocation"> | undefined {
    return this.#records.get(index);
  }

  keep(index: number, record: AllocationRecord, revision: number): void {
    this.#records.set(index, { ref: this.ref(index), record, revision });
    this.mark(index, IS.kept);
  }

  ref(index: number): RefOf<"allocation"> {
    return {
      kind: "allocation",
      space: this.#spaces[index] ?? "",
      address: parseAddress(this.#texts[index] ?? ""),
    };
  }

  *indexes(): Generator<number> {
    for (let index = 0; index < this.size; index++) yield index;
  }

  #lastOf(first: number): number {
    let last = first;
    for (let next = this.#next[last] ?? -1; next >= 0; next = this.#next[next] ?? -1) last = next;
    return last;
  }
}
