import type { Node } from "../node-port.ts";
import type { Ports } from "../ports.ts";
import { type AttachmentRecord, type Holder, RECORD_VERSION } from "../records.ts";
import { refTo } from "../ref-to.ts";
import type { Put, Transaction } from "../store-port.ts";

/** For how long a node may take no notice that others freed what it held, in seconds: 30 days. */
export const NOTICE_SECONDS = 30 * 86_400;

/**
 * The transaction, with a notice for the holder's own machine where that is another one, whatever its node is
 * called, or does not know of it here: it would take the missing record for one that the store has lost.
 *
 * @param forgets whether the caller has the lock of a holder of this machine, and removes it from the journal.
 */
export function withNotice(
  transaction: Transaction,
  { holder }: Pick<AttachmentRecord, "holder">,
  { node }: Pick<Ports, "node">,
  forgets: boolean,
): Transaction {
  if (holder.namespace.path === "" || needsNone(holder, node, forgets)) return transaction;
  const notice: Put = {
    ref: refTo.released(holder.node, holder.attachment),
    record: { version: RECORD_VERSION, requestId: holder.requestId },
    seconds: NOTICE_SECONDS,
  };
  return { ...transaction, puts: [...transaction.puts, notice] };
}

/** A process of this machine may have another `runDir`, and so know nothing of its holdings. */
function needsNone(holder: Holder, node: Node, forgets: boolean): boolean {
  if (node.relationTo(holder) !== "this") return false;
  const forgotten = forgets && node.journal.read(holder.attachment) !== undefined;
  return forgotten || node.namespaceState(holder) === "gone";
}
