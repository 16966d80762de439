import fs from "node:fs";
import { fileName } from "./file-name.ts";
import { advanceHint } from "./hint-file.ts";

/**
 * Whether it is time again for a task on this node: true once per `seconds`, for one process. Time
 * is the kernel's uptime, which all processes share and nobody sets. Errs towards true.
 */
export function isDue(folder: string, task: string, seconds: number): boolean {
  const now = uptimeMs();
  let due = true;
  advanceHint(`${folder}/${fileName(task)}`, (last) => {
    due =
      now === undefined ||
      last === undefined ||
      last > now ||
      now - last >= BigInt(Math.ceil(seconds * 1000));
    return due ? now : undefined;
  });
  return due;
}

/** Makes a task due again at once, whoever asks next: it was begun and is not finished. */
export function makeDue(folder: string, task: string): void {
  fs.rmSync(`${folder}/${fileName(task)}`, { force: true });
}

function uptimeMs(): bigint | undefined {
  try {
    const [seconds] = fs.readFileSync("/proc/uptime", "utf8").split(" ");
    return BigInt(Math.round(Number(seconds) * 1000));
  } catch {
    return undefined;
  }
}
