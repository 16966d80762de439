import { formatAddress } from "../../address/address.ts";
import type { AllocationRecord, RefOf } from "../records.ts";
import type { Entry } from "../store-port.ts";
import { AddressIndex } from "./address-index.ts";
import { Column } from "./columns.ts";

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

/** All allocations of a store, in the order of its listing: an audit keeps the records only of what looks wrong. */
export class AllocationIndex {
  readonly #addresses = new AddressIndex();
  readonly #holders = new Column("number");
  readonly #claims = new Column("number");
  readonly #pods = new Column("number");
  readonly #flags = new Column("bits");
  readonly #records = new Map<number, Entry<"allocation">>();

  get size(): number {
    return this.#addresses.size;
  }

  /** Without the kept records. */
  get bytes(): number {
    const columns = [this.#addresses, this.#holders, this.#claims, this.#pods, this.#flags];
    return columns.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  add(
    { address, space }: RefOf<"allocation">,
    { claim, flags, holder, pod }: Noted,
    kept?: Entry<"allocation">,
  ): void {
    const index = this.#addresses.add(space, address, formatAddress(address));
    this.#holders.push(holder);
    this.#claims.push(claim);
    this.#pods.push(pod);
    this.#flags.push(flags);
    if (kept !== undefined) this.#records.set(index, kept);
  }

  /** The allocations of one address, in all spaces. */
  at(text: string): number[] {
    return this.#addresses.at(text);
  }

  in(space: string, text: string): number | undefined {
    return this.#addresses.in(space, text);
  }

  holder(index: number): number {
    return this.#holders.at(index);
  }

  claim(index: number): number {
    return this.#claims.at(index);
  }

  pod(index: number): number {
    return this.#pods.at(index);
  }

  is(index: number, flag: number): boolean {
    return (this.#flags.at(index) & flag) !== 0;
  }

  mark(index: number, flag: number): void {
    this.#flags.set(index, this.#flags.at(index) | flag);
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
      space: this.#addresses.space(index),
      address: this.#addresses.address(index),
    };
  }

  indexes(): Generator<number> {
    return this.#addresses.indexes();
  }
}
