import fs from "node:fs";
import { dirname } from "node:path";
import { codeOf, openCreating, syncFolder } from "./files.ts";

/**
 * Makes a file with its whole text in one step, on disk when this returns: of several processes that try it
 * at once, one succeeds, and no reader sees a part of it.
 *
 * @returns false where the path is taken; what is there stays as it is. Throws as node:fs does.
 */
export function createDurably(path: string, text: string): boolean {
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  const fd = openCreating(temporary, "wx");
  try {
    fs.writeFileSync(fd, text);
    fs.fsyncSync(fd);
    fs.linkSync(temporary, path);
    syncFolder(dirname(path));
    return true;
  } catch (cause) {
    if (codeOf(cause) === "EEXIST") return false;
    throw cause;
  } finally {
    fs.closeSync(fd);
    fs.unlinkSync(temporary);
  }
}
