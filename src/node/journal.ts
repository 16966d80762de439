import fs from "node:fs";
import type { Journal } from "../ipam/node-port.ts";
import { openAttachmentFiles } from "./attachment-files.ts";
import type { SpareFiles } from "./files.ts";
import { lockBriefly } from "./lock-briefly.ts";
import { JournalEntrySchema } from "./schemas.ts";

/**
 * Opens the node's journal (docs/design.md section 4). A reboot removes its folder, as it removes the
 * namespaces, so nothing is fsynced.
 *
 * @param turnPath a file that keeps where the last limited listing ended.
 */
export function openJournal(folder: string, turnPath: string, spares?: SpareFiles): Journal {
  const files = openAttachmentFiles(folder, {
    schema: JournalEntrySchema,
    idOf: (entry) => entry.holder.attachment,
    key: "runDir",
    durable: false,
    ...(spares && { spares }),
  });
  return {
    write: (entry) => files.write(entry.holder.attachment, entry),
    begin: (entry) => files.create(entry.holder.attachment, entry),
    read: files.read,
    remove: (id, requestId) =>
      files.remove(id, (entry) => requestId === undefined || entry?.holder.requestId === requestId),
    list: (limit) =>
      limit === undefined ? files.list() : files.list((names) => inTurn(names, limit, turnPath)),
  };
}

/**
 * The next `limit` names after the last listing, starting again at the end, so that each has its turn.
 * Processes that list at the same time get different names.
 */
function inTurn(names: string[], limit: number, turnPath: string): string[] {
  if (names.length <= limit) return names;
  const ordered = names.sort();
  const behind = (last: string) => {
    const first = Math.max(
      0,
      ordered.findIndex((name) => name > last),
    );
    return [...ordered.slice(first), ...ordered].slice(0, limit);
  };
  try {
    const chosen = lockBriefly(turnPath, (fd) => {
      const next = behind(fs.readFileSync(fd, "utf8"));
      fs.ftruncateSync(fd);
      fs.writeSync(fd, next.at(-1) ?? "", 0);
      return next;
    });
    if (chosen !== undefined) return chosen;
  } catch {
    // Without the file, every listing begins with the first name.
  }
  return behind("");
}
