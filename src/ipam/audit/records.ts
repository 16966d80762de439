import { formatAddress, parseAddress } from "../../address/address.ts";
import { describeAttachment, describeOwner } from "../in-words.ts";
import type { StoreRecords } from "../integrity/store-records.ts";
import { NOTE_KIND } from "../own-kinds.ts";
import { type AttachmentId, type Holder, type Owner, type Ref, SHARE_KIND } from "../records.ts";
import { reservedRangesAt } from "../reserve/reserved-ranges.ts";
import { sameHolder, sameOwner } from "../same.ts";
import type { Entry } from "../store-port.ts";
import { damagedIn } from "./damage.ts";
import type { AuditFinding, FindingReason } from "./types.ts";

/**
 * Finds records of one store that contradict each other, which no order of transactions may leave
 * behind. A damaged record contradicts nothing, because its contents are not known.
 */
export function findInconsistencies(records: StoreRecords): AuditFinding[] {
  return [
    ...allocationsWithoutAttachment(records),
    ...attachmentsWithoutAllocation(records),
    ...reservationsWithoutOwner(records),
    ...ownersWithoutReservation(records),
  ];
}

function* allocationsWithoutAttachment(records: StoreRecords) {
  const { allocations, attachments } = records;
  const isDamaged = damagedIn(records);
  const index = new Map(attachments.map((entry) => [keyOf(entry.ref.node, entry.ref.id), entry]));
  for (const { ref, record } of allocations) {
    const address = formatAddress(ref.address);
    if (record.holders.length === 0)
      yield finding(
        "no-holder",
        ref.space,
        address,
        `the allocation of ${address} names no holder`,
        undo(address),
      );
    for (const holder of record.holders) {
      const { attachment: id, node } = holder;
      if (isDamaged({ kind: "attachment", node, id })) continue;
      const entry = index.get(keyOf(node, id));
      if (entry === undefined) {
        const what = `${address} is allocated to ${whom(holder)}, but that attachment has no record: its DEL would not free the address`;
        yield finding("no-attachment", ref.space, address, what, undo(address), holder);
      } else if (!agrees(entry, ref.space, address, holder)) {
        const what = `${address} is allocated to ${whom(holder)}, but the record of that attachment differs (${described(entry)})`;
        yield finding("attachment-differs", ref.space, address, what, undo(address), holder);
      }
    }
  }
}

function agrees({ record }: Entry<"attachment">, space: string, address: string, holder: Holder): boolean {
  return (
    record.space === space &&
    record.addresses.includes(address) &&
    record.holder.requestId === holder.requestId
  );
}

function* attachmentsWithoutAllocation(records: StoreRecords) {
  const { allocations, attachments } = records;
  const isDamaged = damagedIn(records);
  const held = new Map(
    allocations.map(({ ref, record }) => [`${ref.space} ${formatAddress(ref.address)}`, record.holders]),
  );
  for (const { ref, record } of attachments) {
    for (const address of record.addresses) {
      const holders = held.get(`${record.space} ${address}`) ?? [];
      if (holders.some((holder) => sameHolder(holder, { node: ref.node, attachment: ref.id }))) continue;
      if (isDamaged(addressRef("allocation", record.space, address))) continue;
      const what = `the attachment record of ${describeAttachment(ref.id)} on node ${ref.node} lists ${address}, which is not allocated to it`;
      const remedy =
        "delete that pod: its DEL removes the record; while it lives, it uses an address that another pod may get";
      yield finding("no-allocation", record.space, address, what, remedy, record.holder);
    }
  }
}

/**
 * Skips a workload that was created again under its name: it has a new record, and the old reservations
 * wait for their retention.
 */
function* reservationsWithoutOwner(records: StoreRecords) {
  const { reservations, owners } = records;
  const isDamaged = damagedIn(records);
  const index = new Map(owners.map((entry) => [ownerKey(entry.ref.space, entry.ref.owner), entry.record]));
  for (const { ref, record } of reservations) {
    const { owner } = record;
    const known = index.get(ownerKey(ref.space, owner));
    const address = formatAddress(ref.address);
    if (owner.kind === NOTE_KIND || known?.addresses.includes(address)) continue;
    if (known !== undefined && !sameOwner(known.owner, owner)) continue;
    if (isDamaged({ kind: "owner", space: ref.space, owner })) continue;
    const what = `${address} is reserved for ${describeOwner(owner)}, but that owner's record does not list it: a sticky pod would not find it`;
    const remedy = `end the reservation and make it again: 'kube-ipam ip unreserve ${address}', 'kube-ipam ip reserve'`;
    yield finding("owner-lacks-address", ref.space, address, what, remedy);
  }
}

/** Skips an address that a pod of the owner's namespace holds: an operator may have ended its reservation. */
function* ownersWithoutReservation(records: StoreRecords) {
  const { allocations, reservations, reservedRanges, owners } = records;
  const isDamaged = damagedIn(records);
  const namespaces = new Map(
    allocations.map(({ ref, record }) => [
      `${ref.space} ${formatAddress(ref.address)}`,
      record.holders.map(({ pod }) => pod?.namespace),
    ]),
  );
  const reserved = new Set(reservations.map(({ ref }) => `${ref.space} ${formatAddress(ref.address)}`));
  for (const { ref, record } of owners) {
    if (record.owner.kind === SHARE_KIND || isDamaged({ kind: "reservedRanges", space: ref.space })) continue;
    for (const address of record.addresses) {
      if (reserved.has(`${ref.space} ${address}`) || isInRange(ref.space, address, reservedRanges)) continue;
      if (namespaces.get(`${ref.space} ${address}`)?.includes(record.owner.namespace)) continue;
      if (
        (["allocation", "reservation"] as const).some((kind) =>
          isDamaged(addressRef(kind, ref.space, address)),
        )
      )
        continue;
      const what = `the record of ${describeOwner(record.owner)} lists ${address}, which is not reserved: another workload may get it`;
      const remedy = `reserve it: 'kube-ipam ip reserve ${address} --for ${record.owner.kind}/${record.owner.namespace}/${record.owner.name}'`;
      yield finding("owner-lists-unreserved", ref.space, address, what, remedy);
    }
  }
}

function isInRange(space: string, address: string, ranges: StoreRecords["reservedRanges"]): boolean {
  const of = ranges.find(({ ref }) => ref.space === space)?.record;
  return reservedRangesAt(of, parseAddress(address)).length > 0;
}

function addressRef(kind: "allocation" | "reservation", space: string, address: string): Ref {
  return { kind, space, address: parseAddress(address) };
}

function finding(
  reason: FindingReason,
  space: string,
  address: string,
  what: string,
  remedy: string,
  holder?: Holder,
): AuditFinding {
  const id = `${reason} ${space} ${address} ${holder === undefined ? "" : keyOf(holder.node, holder.attachment)}`;
  return { kind: "inconsistent", reason, id, space, address, what, remedy, ...(holder && { holder }) };
}

function undo(address: string): string {
  return `stop that container, then run 'kube-ipam ip release --force ${address}'`;
}

function whom({ attachment, node }: Holder): string {
  return `${describeAttachment(attachment)} on node ${node}`;
}

function described({ record }: Entry<"attachment">): string {
  return `${record.addresses.join(", ")} in space '${record.space}', request ${record.holder.requestId}`;
}

function keyOf(node: string, { network, container, ifname }: AttachmentId): string {
  return JSON.stringify([node, network, container, ifname]);
}

function ownerKey(space: string, { kind, namespace, name }: Owner): string {
  return JSON.stringify([space, kind, namespace, name]);
}
