import { formatAddress } from "../address/address.ts";
import type { PortableKind } from "../ipam/carried-kinds.ts";
import { allocationRefs } from "../ipam/free/free.ts";
import type { AllocationRecord, AttachmentRecord, RefOf } from "../ipam/records.ts";
import { refKey } from "../ipam/ref-key.ts";
import { sameHolder } from "../ipam/same.ts";
import type { CallOptions, Store } from "../ipam/store-port.ts";
import { fromPortable, type PortableRecord, type PortableRef, toPortable } from "./document.ts";

type AttachmentRef = RefOf<"attachment">;
type AllocationRef = RefOf<"allocation">;

interface Of<R, T> {
  readonly ref: R;
  readonly record: T;
}

/** How often what was seen half is looked at again. */
const ROUNDS = 5;

/**
 * Attachments and allocations that contradicted each other when they were listed: what is read of them again takes the
 * place of what was listed.
 */
export class LooseRecords {
  /** All that was looked at again; those that are not there any more, too. */
  readonly #known = new Set<string>();
  readonly #attachments = new Map<string, Of<AttachmentRef, AttachmentRecord>>();
  readonly #allocations = new Map<string, Of<AllocationRef, AllocationRecord>>();

  constructor(listed: Iterable<PortableRecord>) {
    for (const { ref, record } of listed) {
      const own = fromPortable(ref);
      if (own.kind === "attachment") this.#putAttachment(own, record as AttachmentRecord);
      if (own.kind === "allocation") this.#putAllocation(own, record as AllocationRecord);
    }
  }

  get isEmpty(): boolean {
    return this.#known.size === 0;
  }

  get count(): number {
    return this.#attachments.size + this.#allocations.size;
  }

  /** Whether a record was looked at again. */
  has(key: string): boolean {
    return this.#known.has(key);
  }

  *of(kind: PortableKind): Generator<PortableRecord> {
    const found =
      kind === "attachment" ? this.#attachments : kind === "allocation" ? this.#allocations : new Map();
    for (const { ref, record } of found.values()) yield { ref: toPortable(ref), record };
  }

  /**
   * Reads both sides of each contradiction, at one moment, until they agree.
   *
   * @returns how many attachments contradict their allocations even so.
   * @throws StoreFailure
   */
  async settle(store: Store, options: CallOptions): Promise<number> {
    let unfit = this.#unfitting();
    for (let round = 0; round < ROUNDS && unfit.length > 0; round++) {
      for (const ref of unfit) await this.#readPair(ref, store, options);
      unfit = this.#unfitting();
    }
    return unfit.length;
  }

  /** Attachments of which the index entry and the allocations do not say the same. */
  #unfitting(): AttachmentRef[] {
    const unfit = new Map<string, AttachmentRef>();
    for (const { ref, record } of this.#attachments.values()) {
      const held = allocationRefs(record).every((each) =>
        holds(this.#allocations.get(refKey(each))?.record, ref),
      );
      if (!held) unfit.set(refKey(ref), ref);
    }
    for (const { ref: allocation, record } of this.#allocations.values()) {
      for (const { node, attachment: id } of record.holders) {
        const ref = { kind: "attachment", node, id } as const;
        if (!names(this.#attachments.get(refKey(ref))?.record, allocation)) unfit.set(refKey(ref), ref);
      }
    }
    return [...unfit.values()];
  }

  /** Both sides of one attachment, at one moment. */
  async #readPair(ref: AttachmentRef, store: Store, options: CallOptions): Promise<void> {
    const known = this.#attachments.get(refKey(ref))?.record;
    const now = (await store.read({ refs: [ref] }, options)).get(ref)?.record;
    const held = [...this.#allocations.values()]
      .filter(({ record }) => holds(record, ref))
      .map((each) => each.ref);
    const allocations = [...held, ...[known, now].flatMap((entry) => (entry ? allocationRefs(entry) : []))];
    const snapshot = await store.read({ refs: [ref, ...allocations] }, options);
    this.#putAttachment(ref, snapshot.get(ref)?.record);
    for (const each of allocations) this.#putAllocation(each, snapshot.get(each)?.record);
  }

  #putAttachment(ref: AttachmentRef, record: AttachmentRecord | undefined): void {
    put(this.#attachments, ref, record, this.#known);
  }

  #putAllocation(ref: AllocationRef, record: AllocationRecord | undefined): void {
    put(this.#allocations, ref, record, this.#known);
  }
}

/** Equal for two references to one record. */
export function keyOf(ref: PortableRef): string {
  return refKey(fromPortable(ref));
}

function put<R extends AttachmentRef | AllocationRef, T>(
  found: Map<string, Of<R, T>>,
  ref: R,
  record: T | undefined,
  known: Set<string>,
): void {
  const key = refKey(ref);
  known.add(key);
  if (record === undefined) found.delete(key);
  else found.set(key, { ref, record });
}

function holds(record: AllocationRecord | undefined, { id: attachment, node }: AttachmentRef): boolean {
  return record?.holders.some((holder) => sameHolder(holder, { node, attachment })) === true;
}

function names(record: AttachmentRecord | undefined, { space, address }: AllocationRef): boolean {
  return record?.space === space && record.addresses.includes(formatAddress(address));
}
