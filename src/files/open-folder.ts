import { closeSync, constants, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { wayTo } from "./way-to.ts";

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;

/** So many folders of one path may be missing. */
const MOST_MISSING = 8;

/**
 * Opens a folder that somebody without rights on this node has named, and makes what is missing of it: each folder in
 * the one before, so that no link which is put in the way leads elsewhere.
 *
 * @param path absolute.
 * @param judge gets the folder's path without links, before anything is made; throws where nothing may be.
 * @returns a descriptor; the caller closes it.
 * @throws what `judge` throws, Error of node:fs, or that too much is missing.
 */
export function openFolder(path: string, judge: (real: string) => void): number {
  const { end, missing } = wayTo(path);
  judge(join(end, ...missing));
  if (missing.length > MOST_MISSING) throw new Error(`${missing.length} folders of '${path}' are missing`);
  let folder = openSync(end, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    for (const name of missing) {
      const next = openBelow(folder, name);
      closeSync(folder);
      folder = next;
    }
    return folder;
  } catch (failure) {
    closeSync(folder);
    throw failure;
  }
}

function openBelow(folder: number, name: string): number {
  const path = `/proc/self/fd/${folder}/${name}`;
  try {
    mkdirSync(path, { mode: 0o750 });
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code !== "EEXIST") throw failure;
  }
  return openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}
