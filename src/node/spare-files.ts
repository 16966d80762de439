import fs from "node:fs";
import { openCreating } from "./files.ts";

/** So many files are kept; a node begins and ends a few dozen pods at once. */
const MOST = 128;
/** How often one file is made beforehand where some are missing. */
const MAKE_EVERY_MS = 10;

/**
 * Small files that a process which makes and removes many uses again. Making one costs a file system
 * an inode, which on some takes longer than everything else that an ADD does on the disk.
 */
export interface SpareFiles {
  /** Puts an empty file at `path` where nothing is; leaves it to the caller where none is at hand. */
  place(path: string): void;
  /** The path of an empty file that is the caller's from now on; undefined where none is at hand. */
  borrow(): string | undefined;
  /** Takes a file away from its path, as `unlink` does. Its text is gone. Throws as node:fs does. */
  take(path: string): void;
}

/** Files that no other process uses lie in a folder of their own, for the next process to find. */
export function openSpareFiles(folder: string): SpareFiles {
  const names = adopt(folder);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const makeOne = () => {
    timer = undefined;
    if (names.length >= MOST || !make(folder, names)) return;
    makeSoon();
  };
  const makeSoon = () => {
    timer ??= setTimeout(makeOne, MAKE_EVERY_MS);
    timer.unref();
  };
  makeSoon();
  return {
    place(path) {
      const spare = names.pop();
      makeSoon();
      if (spare === undefined) return;
      try {
        // A rename would replace what is there.
        fs.linkSync(spare, path);
      } catch {
        names.push(spare);
        return;
      }
      fs.unlinkSync(spare);
    },
    borrow() {
      makeSoon();
      return names.pop();
    },
    take(path) {
      if (names.length >= MOST) return fs.unlinkSync(path);
      fs.truncateSync(path);
      const spare = `${folder}/${crypto.randomUUID()}`;
      try {
        fs.renameSync(path, spare);
      } catch {
        // Somebody removed our folder.
        return fs.unlinkSync(path);
      }
      names.push(spare);
    },
  };
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

/** By another name, so that two processes that find the same file do not both take it. */
function adopt(folder: string): string[] {
  const mine: string[] = [];
  try {
    if (!fs.existsSync(folder)) return mine;
    for (const name of fs.readdirSync(folder)) {
      const path = `${folder}/${name}`;
      const stats = fs.lstatSync(path, { throwIfNoEntry: false });
      if (stats === undefined) continue;
      if (mine.length >= MOST || stats.nlink > 1 || !stats.isFile()) {
        fs.unlinkSync(path);
        continue;
      }
      const spare = `${folder}/${crypto.randomUUID()}`;
      fs.renameSync(path, spare);
      mine.push(spare);
    }
  } catch {
    // Fewer are at hand then.
  }
  return mine;
}
