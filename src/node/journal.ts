import type { Journal } from "../ipam/node-port.ts";
import { openAttachmentFiles } from "./attachment-files.ts";
import { JournalEntrySchema } from "./schemas.ts";

/**
 * The node's journal (design section 4), in a folder that is gone at reboot as the namespaces are:
 * so nothing is fsynced.
 */
export function openJournal(folder: string): Journal {
  const files = openAttachmentFiles(folder, {
    schema: JournalEntrySchema,
    idOf: (entry) => entry.holder.attachment,
    key: "runDir",
    durable: false,
  });
  return {
    write: (entry) => files.write(entry.holder.attachment, entry),
    read: files.read,
    remove: (id, requestId) =>
      files.remove(id, (entry) => requestId === undefined || entry?.holder.requestId === requestId),
    list: files.list,
  };
}
