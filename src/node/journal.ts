import type { Journal } from "../ipam/node-port.ts";
import { openAttachmentFiles } from "./attachment-files.ts";
import { advanceHint } from "./hint-file.ts";
import { JournalEntrySchema } from "./schemas.ts";

/**
 * The node's journal (design section 4), in a folder that is gone at reboot as the namespaces are:
 * so nothing is fsynced.
 *
 * @param turnPath a file that remembers where the last limited listing ended.
 */
export function openJournal(folder: string, turnPath: string): Journal {
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
    list: (limit) =>
      limit === undefined ? files.list() : files.list((names) => inTurn(names, limit, turnPath)),
  };
}

/** The next names in order; processes that list at once get different ones. */
function inTurn(names: string[], limit: number, turnPath: string): string[] {
  if (names.length <= limit) return names;
  const ended = advanceHint(turnPath, (last) => (last ?? 0n) + BigInt(limit)) ?? 0n;
  const first = Number(ended % BigInt(names.length));
  const ordered = names.sort();
  return [...ordered.slice(first), ...ordered].slice(0, limit);
}
