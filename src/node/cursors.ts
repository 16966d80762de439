import type { Cursors } from "../ipam/node-port.ts";
import { fileName } from "./file-name.ts";
import { advanceHint, readHint } from "./hint-file.ts";

/** Keeps one cursor file per pool below `folder`, which a reboot empties. Never throws: a cursor is a hint. */
export function openCursors(folder: string): Cursors {
  const pathOf = (pool: string) => `${folder}/${fileName(pool)}`;
  return {
    read: (pool) => readHint(pathOf(pool)),
    advance: (pool, next) => advanceHint(pathOf(pool), next),
  };
}
