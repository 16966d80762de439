import { answer } from "./answer.ts";
import type { Attempt } from "./attempt.ts";
import { mayFree } from "./collect.ts";
import { undoUnlessWanted } from "./commit-allocation.ts";
import { free } from "./free.ts";
import { logOutside } from "./outside.ts";
import type { AttachmentRecord } from "./records.ts";
import { repeat } from "./repeat.ts";
import { AGAIN, type Round } from "./round.ts";
import type { Versioned } from "./store-port.ts";
import { writeJournal } from "./write-journal.ts";

/** IDEMPOTENT: the attachment has its addresses already, from this request or an earlier one. */
export async function answerRepeated(attempt: Attempt, own: Versioned<AttachmentRecord>): Promise<Round> {
  const { ports, request, requestId, options } = attempt;
  if (own.record.holder.requestId === requestId) {
    await undoUnlessWanted(attempt);
    return { kind: "allocated", allocated: answer(attempt, own.record, false) };
  }
  const { storeUuid = "", reservedFor } = ports.node.journal.read(request.attachment) ?? {};
  writeJournal(attempt, own.record, { storeUuid, ...(reservedFor && { reservedFor }) });
  // What an attachment of this name had in a namespace that is gone was another sandbox's.
  const state = mayFree(own.record.holder, ports) ? "stale" : await repeat(attempt, own);
  if (state === "rewritten") {
    logOutside(request.network, own.record, ports);
    return { kind: "allocated", allocated: answer(attempt, own.record, true) };
  }
  if (state === "stale") await free({ node: ports.node.name, id: request.attachment }, 0, ports, options);
  return AGAIN;
}
