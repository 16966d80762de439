import fs from "node:fs";
import { openCreating, type SpareFiles } from "./files.ts";

/** The most files to keep; a node starts and stops a few dozen pods at once. */
const MOST = 128;
const OLD_MS = 3_600_000;
/** Milliseconds between two files that are made in advance. */
const MAKE_EVERY_MS = 10;

/** Opens the spare files of this process in `folder`. Never throws. */
export function openSpareFiles(folder: string): SpareFiles {
  removeOld(folder);
  const names: string[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let most = MOST;
  const makeOne = () => {
    timer = undefined;
    if (names.length >= most || !make(folder, names)) return;
    makeSoon();
  };
  const makeSoon = () => {
    if (most === 0) return;
    timer ??= setTimeout(makeOne, MAKE_EVERY_MS);
    timer.unref();
  };
  makeSoon();
  return {
    get count() {
      return names.length;
    },
    borrow() {
      makeSoon();
      return names.pop();
    },
    take(path) {
      if (names.length >= most) return fs.unlinkSync(path);
      fs.truncateSync(path);
      const spare = `${folder}/${crypto.randomUUID()}`;
      try {
        fs.renameSync(path, spare);
      } catch {
        // Another program removed the folder.
        return fs.unlinkSync(path);
      }
      names.push(spare);
    },
    close() {
      most = 0;
      clearTimeout(timer);
      for (const name of names.splice(0)) remove(name);
    },
  };
}

function remove(path: string): void {
  try {
    fs.unlinkSync(path);
  } catch {
    // Another program removed it, or the folder.
  }
}

function make(folder: string, names: string[]): boolean {
  const path = `${folder}/${crypto.randomUUID()}`;
  try {
    fs.closeSync(openCreating(path, "wx"));
  } catch {
    return false;
  }
  names.push(path);
  return true;
}

/**
 * Removes the files of processes that ended long ago. A process never takes over another's file, which may
 * be in use; one that loses a file makes another.
 */
function removeOld(folder: string): void {
  try {
    for (const name of fs.existsSync(folder) ? fs.readdirSync(folder) : []) {
      const stats = fs.statSync(`${folder}/${name}`, { throwIfNoEntry: false });
      if (stats !== undefined && Date.now() - stats.mtimeMs > OLD_MS) fs.rmSync(`${folder}/${name}`);
    }
  } catch {
    // The next process tries again.
  }
}
