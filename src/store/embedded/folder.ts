import { closeSync, fsyncSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes the store's empty file and its folder, where they are missing. Only root can read them, from the
 * first moment on. Throws as node:fs does.
 */
export function makeFile(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    closeSync(openSync(file, "wx", 0o600));
  } catch (failure) {
    // Another process was quicker. Opening its file here and closing it again would drop the locks
    // that this process may hold on it (POSIX), hence "wx".
    if ((failure as NodeJS.ErrnoException).code !== "EEXIST") throw failure;
  }
}

/**
 * Returns once the names of the file and of the folders above it survive a power cut. Otherwise the synced
 * content could be lost with the file's name. Throws as node:fs does.
 */
export function syncFolders(file: string): void {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    syncFolder(folder);
    if (folder === dirname(folder)) return;
  }
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } catch (failure) {
    // Some file systems cannot sync a folder, or need not: a read-only one above, FUSE, 9p.
    if (!["EINVAL", "EROFS", "ENOTSUP"].includes((failure as NodeJS.ErrnoException).code ?? ""))
      throw failure;
  } finally {
    closeSync(descriptor);
  }
}
