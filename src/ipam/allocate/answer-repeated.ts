import { answer } from "../commit/answer.ts";
import { AGAIN, type Step } from "../commit/step.ts";
import { undoUnlessWanted } from "../commit/undo-unless.ts";
import { IpamError } from "../errors.ts";
import { mayFree } from "../evidence/may-free.ts";
import { free } from "../free/free.ts";
import { describeAttachment } from "../in-words.ts";
import { logOutside, outsideOf } from "../integrity/outside.ts";
import { journalEntryOf, storeOf } from "../journal-entry.ts";
import type { Ports } from "../ports.ts";
import type { AttachmentRecord, MetaRecord } from "../records.ts";
import { samePod } from "../same.ts";
import type { Versioned } from "../store-port.ts";
import type { Attempt } from "../view/attempt.ts";
import type { View } from "../view/view.ts";
import { takesAny } from "../wish.ts";
import { holderAgain, repeat } from "./repeat.ts";

/**
 * IDEMPOTENT: answers for an attachment that has addresses already, from this request or an earlier one.
 * Frees them, and lets the ADD try again, where they were an earlier sandbox's and do not fit this one.
 *
 * @throws IpamError, StoreFailure: as `allocate`.
 */
export async function answerRepeated(
  attempt: Attempt,
  view: View,
  own: Versioned<AttachmentRecord>,
  store: Pick<MetaRecord, "uuid"> | undefined,
): Promise<Step> {
  const { ports, request, requestId, options } = attempt;
  requireOwn(own.record, ports);
  if (own.record.holder.requestId === requestId) {
    await undoUnlessWanted(attempt);
    return { kind: "allocated", allocated: answer(attempt, own, false) };
  }
  const { reservedFor } = ports.node.journal.read(request.attachment) ?? {};
  const record = { ...own.record, holder: holderAgain(attempt, own.record) };
  ports.node.journal.write(
    journalEntryOf({ record, ...(reservedFor && { reservedFor }) }, store && storeOf(store, ports.store)),
  );
  // Addresses of an attachment whose recorded namespace is gone were those of an earlier sandbox.
  const stale = mayFree(own.record.holder, ports) && !mayHaveAgain(attempt, own.record);
  const state = stale ? "stale" : await repeat(attempt, view, own);
  if (typeof state !== "string") {
    logOutside(request.network, own.record, ports);
    return { kind: "allocated", allocated: answer(attempt, { record: own.record, ...state }, true) };
  }
  if (state === "stale") await free({ node: ports.node.name, id: request.attachment }, 0, ports, options);
  return AGAIN;
}

/** Two machines of one node name share the keys of their attachments, and may be asked for one container's name. */
function requireOwn({ addresses, holder }: AttachmentRecord, { node }: Ports): void {
  if (node.relationTo(holder) !== "other") return;
  throw new IpamError(
    "invalidConfig",
    `${describeAttachment(holder.attachment)} has ${addresses.join(", ")} on node ${holder.node} (another machine of that name)`,
    "give each machine a name of its own (nodeName); if this is that machine and it lost its dataDir, " +
      `run 'kube-ipam ip release --force ${addresses[0] ?? ""}'`,
  );
}

/** Whether this sandbox may take over an earlier one's addresses, because it would get such ones anyway. */
function mayHaveAgain({ refusal, request }: Attempt, record: AttachmentRecord): boolean {
  const { network, pod, wish } = request;
  const before = record.holder.pod;
  const same = pod === undefined || before === undefined ? pod === before : samePod(pod, before);
  return (
    same &&
    takesAny(wish) &&
    refusal === undefined &&
    record.origin === "dynamic" &&
    record.addresses.length === network.sets.length &&
    outsideOf(network, record).length === 0
  );
}
