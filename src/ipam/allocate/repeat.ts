import { allocationRefs, readAllocations } from "../free/free.ts";
import { describeAttachment } from "../in-words.ts";
import { refuseNewer } from "../integrity/newer.ts";
import { verifyByCommit, verifyStore } from "../integrity/one-store.ts";
import type { AttachmentRecord, Holder } from "../records.ts";
import { refTo } from "../ref-to.ts";
import { revisionIn } from "../revision-in.ts";
import { sameAttachment, samePod } from "../same.ts";
import type { Guard, Put, Versioned } from "../store-port.ts";
import { type Attempt, holderOf } from "../view/attempt.ts";
import type { View } from "../view/view.ts";

/**
 * Repeats an ADD for an attachment that has addresses (IDEMPOTENT): rewrites its records with this
 * request's ID, guarded by the revisions that were read, so that an undo or a late DEL of the earlier
 * request finds them changed. The caller answers only after they are rewritten.
 *
 * "stale": the record lists an address that the attachment does not hold, because an operator released
 * it: the caller frees the record first. "lost": another process changed the records meanwhile: read
 * again.
 *
 * @throws IpamError storeCannotWrite where a newer program wrote one of the records, or the store is older than this node
 *   knew; StoreFailure.
 */
export async function repeat(
  attempt: Attempt,
  view: View,
  own: Versioned<AttachmentRecord>,
): Promise<Rewritten | "stale" | "lost"> {
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
  if (!outcome.won) return "lost";
  verifyByCommit(view.snapshot, outcome, (shown) =>
    verifyStore(shown, view.remembered, request.network.space, ports),
  );
  return { revision: revisionIn(outcome, ref) };
}

/** The records carry this request's ID now. */
interface Rewritten {
  readonly revision: number;
}

/** The asker as the new holder of its record. Keeps what the record already knows of node and pod. */
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
