import { describeHolderFully } from "../ipam/in-words.ts";
import {
  type AllocationRecord,
  type AttachmentRecord,
  type Holder,
  RECORD_VERSION,
} from "../ipam/records.ts";
import { sameHolder } from "../ipam/same.ts";
import { nameOf, type PortableRecord } from "./document.ts";

/** A document as it is imported, and what was wrong with it, one line each. */
export interface Completed {
  readonly records: readonly PortableRecord[];
  readonly remarks: readonly string[];
}

/**
 * Completes a document whose attachments and allocations contradict each other, as repairs by hand leave them. An
 * address that an attachment lists is held for it, whoever else has it: it may live. A holder without an attachment
 * is held as it is, and told, because no DEL frees it.
 */
export function completeDocument(records: readonly PortableRecord[]): Completed {
  const byName = Map.groupBy(records, ({ ref }) => nameOf(ref));
  const completed = new Map<string, PortableRecord>();
  const listed = new Set<string>();
  const remarks: string[] = [];
  for (const { ref, record } of records) {
    if (ref.kind !== "attachment") continue;
    const { addresses, holder, origin, space } = record as AttachmentRecord;
    for (const address of addresses) {
      const of = { kind: "allocation", space, address } as const;
      const name = nameOf(of);
      listed.add(keyOf(name, holder));
      // What comes twice is a conflict, if it differs.
      const [known, ...others] = byName.get(name) ?? [];
      const present = (completed.get(name) ?? known)?.record as AllocationRecord | undefined;
      if (others.length > 0 || present?.holders.some((each) => sameHolder(each, holder))) continue;
      const base = present ?? { version: RECORD_VERSION, origin, since: "" };
      const holders = [...(present?.holders ?? []), holder];
      completed.set(name, { ref: of, record: { ...base, holders } });
      remarks.push(heldToo(address, holder, present));
    }
  }
  for (const { ref, record } of records) {
    if (ref.kind !== "allocation") continue;
    for (const holder of (record as AllocationRecord).holders)
      if (!listed.has(keyOf(nameOf(ref), holder))) remarks.push(unlisted(ref.address, holder));
  }
  const others = records.filter(({ ref }) => !completed.has(nameOf(ref)));
  return { records: completed.size === 0 ? records : [...others, ...completed.values()], remarks };
}

function heldToo(address: string, holder: Holder, present: AllocationRecord | undefined): string {
  const others = present?.holders.map(describeHolderFully).join(", and ") ?? "nobody";
  const too = present === undefined ? "" : ", too";
  return `${address} is listed by ${describeHolderFully(holder)}, and allocated to ${others}: held for that attachment${too}`;
}

function unlisted(address: string, holder: Holder): string {
  return (
    `${address} is allocated to ${describeHolderFully(holder)}, whose attachment does not list it: no DEL will free it; ` +
    `end that container, then run 'kube-ipam ip release --force ${address}'`
  );
}

function keyOf(allocation: string, { attachment, node }: Holder): string {
  return JSON.stringify([allocation, node, attachment.network, attachment.container, attachment.ifname]);
}
