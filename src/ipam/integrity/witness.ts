import { describeAttachment } from "../in-words.ts";
import type { AttachmentLock } from "../node-port.ts";
import type { Ports } from "../ports.ts";
import type { AttachmentId } from "../records.ts";
import { refTo } from "../ref-to.ts";
import { sameAttachment } from "../same.ts";
import type { CallOptions, Snapshot } from "../store-port.ts";
import { hasWitness, type LivingWitness, lives, witnessRef } from "./living-witness.ts";
import { takeNotice } from "./released.ts";
import { ThrownBack } from "./thrown-back.ts";
import { where } from "./ways-out.ts";

/** Longest wait for a process that works on the witness, in milliseconds. */
const LOCK_PATIENCE_MS = 2_000;

/**
 * ONE-STORE by a witness: a holding of this node that lives, and that the store had confirmed, must be in
 * the store, unless somebody freed it and said so (`ReleasedRecord`).
 *
 * @param own the attachment whose lock the caller has, and that lock.
 * @returns false where the witness has ended meanwhile, and the caller must read again.
 * @throws ThrownBack; StoreFailure; IpamError tryAgain where another process works on the witness.
 */
export async function isWitnessed(
  witness: LivingWitness | undefined,
  snapshot: Snapshot,
  own: { readonly id: AttachmentId; readonly lock: AttachmentLock } | undefined,
  ports: Ports,
  options: CallOptions,
): Promise<boolean> {
  const state = snapshot.get(refTo.meta)?.record.state;
  if (witness === undefined || state !== "ready" || hasWitness(witness, snapshot)) return true;
  const id = witness.entry.holder.attachment;
  if (own !== undefined && sameAttachment(own.id, id)) return hasEnded(witness, own.lock, ports, options);
  const deadline = Math.min(options.deadline, performance.now() + LOCK_PATIENCE_MS);
  const lock = await ports.node.lock(id, { deadline, cancelling: false });
  try {
    return await hasEnded(witness, lock, ports, options);
  } finally {
    lock.release();
  }
}

/** Looks again under the witness's lock. Always false, or throws. */
async function hasEnded(
  witness: LivingWitness,
  lock: AttachmentLock,
  ports: Ports,
  options: CallOptions,
): Promise<false> {
  const { holder, space } = witness.entry;
  const { attachment: id, requestId } = holder;
  const now = ports.node.journal.read(id);
  if (now?.holder.requestId !== requestId || !lives(now, ports.node)) return false;
  const ref = witnessRef(witness);
  const snapshot = await ports.store.read({ refs: [refTo.meta, ref] }, options);
  if (hasWitness(witness, snapshot) || snapshot.get(refTo.meta)?.record.state !== "ready") return false;
  // A DEL that was killed had freed the record.
  if (lock.interrupted) ports.node.journal.remove(id, requestId);
  else if (!(await takeNotice(holder, ports, options))) throw lostHolding(witness, space, ports);
  return false;
}

function lostHolding({ entry }: LivingWitness, space: string, ports: Ports): ThrownBack {
  const { addresses, holder } = entry;
  return new ThrownBack(
    () =>
      `the ${where(ports)} has lost what it held for address space '${space}': ${addresses.join(", ")} of ${describeAttachment(holder.attachment)} on node ${ports.node.name}`,
    "that container lives, and nobody released it, so the store was thrown back, as by a restored backup",
    ports,
  );
}
