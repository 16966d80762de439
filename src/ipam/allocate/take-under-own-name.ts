import { allocationRefs, readAllocations } from "../free/free.ts";
import { describeAttachment } from "../in-words.ts";
import { refuseNewer } from "../integrity/newer.ts";
import { untilWon } from "../integrity/until-won.ts";
import type { JournalEntry } from "../node-port.ts";
import type { Ports } from "../ports.ts";
import type { AttachmentRecord, Holder } from "../records.ts";
import { refTo } from "../ref-to.ts";
import { sameAttachment } from "../same.ts";
import type { Guard, Put, Versioned } from "../store-port.ts";
import type { Attempt } from "../view/attempt.ts";

/**
 * IDEMPOTENT on a node that got another name: what this attachment has under the former one comes under the present
 * one, so that the ADD finds it. The journal tells the former name. Nothing is done where somebody else's record is
 * there, or none.
 *
 * @throws IpamError storeCannotWrite where a newer program wrote one of the records, tryAgain; StoreFailure.
 */
export async function takeUnderOwnName({ ports, request, options }: Attempt): Promise<void> {
  const { attachment: id } = request;
  const known = ports.node.journal.read(id);
  if (known === undefined || known.holder.node === ports.node.name) return;
  const from = refTo.attachment(known.holder.node, id);
  const to = refTo.attachment(ports.node.name, id);
  const requestId = crypto.randomUUID();
  await untilWon(`take over ${describeAttachment(id)} from node name '${from.node}'`, async () => {
    const snapshot = await ports.store.read({ refs: [from, to] }, options);
    const former = snapshot.get(from);
    if (former === undefined || snapshot.get(to) !== undefined || !isOwn(former, known, ports)) return true;
    refuseNewer(former.record.version, `the record of ${describeAttachment(id)}`);
    const holder = { ...former.record.holder, node: to.node, nodeVerified: false, requestId };
    // Before the store, as by every ADD: what of it is a witness bears another request's ID.
    ports.node.journal.write({ ...known, holder });
    const { guards, puts } = await inAllocations(former.record, holder, ports, options);
    const outcome = await ports.store.commit(
      {
        guards: [{ ref: from, revision: former.revision }, { ref: to, revision: 0 }, ...guards],
        puts: [{ ref: to, record: { ...former.record, holder } }, ...puts],
        deletes: [from],
      },
      options,
    );
    return outcome.won || undefined;
  });
}

/** Whether this machine made the record: it says so itself, or the journal knows the request that made it. */
function isOwn({ record }: Versioned<AttachmentRecord>, known: JournalEntry, { node }: Ports): boolean {
  return record.holder.requestId === known.holder.requestId || node.relationTo(record.holder) === "this";
}

async function inAllocations(
  record: AttachmentRecord,
  holder: Holder,
  ports: Ports,
  options: Attempt["options"],
): Promise<{ guards: Guard[]; puts: Put[] }> {
  const allocations = await readAllocations(record, ports, options);
  const guards: Guard[] = [];
  const puts: Put[] = [];
  const isFormer = (each: Holder) =>
    each.node === record.holder.node && sameAttachment(each.attachment, holder.attachment);
  for (const ref of allocationRefs(record)) {
    const allocation = allocations.get(ref);
    if (allocation?.record.holders.some(isFormer) !== true) continue;
    refuseNewer(allocation.record.version, `the allocation of ${describeAttachment(holder.attachment)}`);
    const holders = allocation.record.holders.map((each) => (isFormer(each) ? holder : each));
    guards.push({ ref, revision: allocation.revision });
    puts.push({ ref, record: { ...allocation.record, holders } });
  }
  return { guards, puts };
}
