import { allocationRefs, readAllocations } from "../free/free.ts";
import { describeAttachment } from "../in-words.ts";
import { refuseNewer } from "../integrity/newer.ts";
import type { AttachmentRecord, Holder } from "../records.ts";
import { refTo } from "../ref-to.ts";
import { sameAttachment, samePod } from "../same.ts";
import type { Guard, Put, Versioned } from "../store-port.ts";
import { type Attempt, holderOf } from "../view/attempt.ts";

/**
 * ADD again for an attachment that has addresses (IDEMPOTENT): rewrites its records with this
 * request's ID, guarded by the revisions read, so that an undo or a late DEL of the earlier request
 * finds them changed. The caller prints only after "rewritten".
 *
 * "stale": the entry names an address that the attachment does not hold (an operator released it):
 * it must be freed first. "lost": somebody changed the records meanwhile; look again.
 */
export async function repeat(
  attempt: Attempt,
  own: Versioned<AttachmentRecord>,
): Promise<"rewritten" | "stale" | "lost"> {
  const { ports, request, options } = attempt;
  refuseNewer(own.record.version, `the record of ${describeAttachment(request.attachment)}`);
  const holder = holderAgain(attempt, own.record);
  const ref = refTo.attachment(ports.node.name, request.attachment);
  const guards: Guard[] = [{ ref, revision: own.revision }];
  const puts: Put[] = [{ ref, record: { ...own.record, holder } }];
  const allocations = await readAllocations(own.record, ports, options);
  for (const allocationRef of allocationRefs(own.record)) {
    const allocation = allocations.get(allocationRef);
    const mine = allocation?.record.holders.some(({ attachment }) =>
      sameAttachment(attachment, request.attachment),
    );
    if (allocation === undefined || !mine) return "stale";
    const others = allocation.record.holders.filter(
      ({ attachment }) => !sameAttachment(attachment, request.attachment),
    );
    refuseNewer(allocation.record.version, `the allocation of ${describeAttachment(request.attachment)}`);
    guards.push({ ref: allocationRef, revision: allocation.revision });
    puts.push({ ref: allocationRef, record: { ...allocation.record, holders: [...others, holder] } });
  }
  const outcome = await ports.store.commit({ guards, puts, deletes: [] }, options);
  return outcome.won ? "rewritten" : "lost";
}

/** The asker in place of the holder of its record; what was known once, of node and pod, stays known. */
export function holderAgain(attempt: Attempt, { holder }: AttachmentRecord): Holder {
  const present = holderOf(attempt);
  const { pod } = present;
  const known = pod !== undefined && holder.pod !== undefined && samePod(pod, holder.pod);
  return {
    ...present,
    ...(known && { pod: { ...holder.pod, ...pod } }),
    nodeVerified: present.nodeVerified || holder.nodeVerified,
  };
}
