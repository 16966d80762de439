import fs from "node:fs";
import { openCreating, type SpareFiles } from "./files.ts";

/** So many files are kept; a node begins and ends a few dozen pods at once. */
const MOST = 128;
const OLD_MS = 3_600_000;
/** How often one file is made beforehand where some are missing. */
const MAKE_EVERY_MS = 10;

/** Each process has files of its own in this folder. */
export function openSpareFiles(folder: string): SpareFiles {
  removeOld(folder);
  const names: string[] = [];
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
    get count() {
      return names.length;
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

/**
 * What a process left that ended long ago. Nobody takes over a file of another one, which may be using
 * it; one that loses a file makes another.
 */
function removeOld(folder: string): void {
  try {
    for (const name of fs.existsSync(folder) ? fs.readdirSync(folder) : []) {
      const stats = fs.statSync(`${folder}/${name}`, { throwIfNoEntry: false });
      if (stats !== undefined && Date.now() - stats.mtimeMs > OLD_MS) fs.rmSync(`${folder}/${name}`);
    }
  } catch {
    // The next one tries again.
  }
}
