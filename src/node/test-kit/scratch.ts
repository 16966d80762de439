import { afterEach } from "bun:test";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

/** Folders for one test, removed at its end whatever happens. Call at the top of a test file. */
export function useScratch(): () => string {
  const made: string[] = [];
  afterEach(() => {
    for (const folder of made.splice(0)) fs.rmSync(folder, { recursive: true, force: true });
  });
  return () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "kube-ipam-node-"));
    made.push(folder);
    return folder;
  };
}

/** Permission bits as text, "700". */
export function modeOf(file: string): string {
  return (fs.statSync(file).mode & 0o777).toString(8);
}
