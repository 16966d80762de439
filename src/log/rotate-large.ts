import { lstatSync, renameSync } from "node:fs";

/** Bytes after which a log is put aside. */
const MOST = 64 << 20;

/**
 * Puts a log that has grown large aside as `<file>.1`, over the one before: no log fills a disk on a node that nobody
 * set up log rotation for. Only for a process that is alone on its node, the agent: of two, one would put the new log
 * over the old one. Others may append meanwhile, as they open the log for each line. Leaves links and devices alone;
 * never throws.
 */
export function rotateLarge(file: string, most = MOST): void {
  try {
    const log = lstatSync(file);
    if (log.isFile() && log.size >= most) renameSync(file, `${file}.1`);
  } catch {
    // It is not there, or somebody else's; the next line tries again.
  }
}
