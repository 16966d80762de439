import type { Attempt } from "./attempt.ts";
import type { AttachmentRecord } from "./records.ts";
import { printedAddresses } from "./repeat.ts";
import type { Allocated } from "./requests.ts";

/** What an ADD says it has given, from the record that the store holds. */
export function answer(attempt: Attempt, record: AttachmentRecord, repeated: boolean): Allocated {
  return {
    attachment: attempt.request.attachment,
    addresses: printedAddresses(record),
    origin: record.origin,
    requestId: attempt.requestId,
    repeated,
  };
}
