import { fingerprint } from "../ipam/audit/fingerprint.ts";
import type { AllocationRecord, AttachmentId, AttachmentRecord } from "../ipam/records.ts";
import type { PortableRecord } from "./document.ts";

/**
 * What attachments and allocations say of each other, as numbers: each address of an attachment, and each holder of an
 * allocation, is one side of a pair. Kept is only what has no other side yet.
 */
export class Sides {
  readonly #lonely = new Set<number>();

  /** Whether all attachments and allocations say the same. */
  get agree(): boolean {
    return this.#lonely.size === 0;
  }

  add(record: PortableRecord): void {
    for (const side of sidesOf(record)) if (!this.#lonely.delete(side)) this.#lonely.add(side);
  }

  /** Whether something that a record says has no other side. */
  isLoose(record: PortableRecord): boolean {
    return sidesOf(record).some((side) => this.#lonely.has(side));
  }
}

function sidesOf({ ref, record }: PortableRecord): number[] {
  if (ref.kind === "attachment") {
    const { addresses, space } = record as AttachmentRecord;
    return [...new Set(addresses)].map((address) => sideOf(space, address, ref.node, ref.id));
  }
  if (ref.kind !== "allocation") return [];
  const { holders } = record as AllocationRecord;
  return [
    ...new Set(holders.map(({ attachment, node }) => sideOf(ref.space, ref.address, node, attachment))),
  ];
}

function sideOf(
  space: string,
  address: string,
  node: string,
  { container, ifname, network }: AttachmentId,
): number {
  return fingerprint(space, address, node, network, container, ifname);
}
