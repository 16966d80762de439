import fs from "node:fs";
import { fileName } from "./file-name.ts";
import { advanceHint, readHint } from "./hint-file.ts";

/**
 * Whether a task is due on this node: true once per `seconds`, for one process of all. Time is the kernel's
 * uptime, which all processes share and nobody can set. In doubt it is true. Never throws.
 */
export function isDue(folder: string, task: string, seconds: number): boolean {
  const now = uptimeMs();
  const path = `${folder}/${fileName(task)}`;
  const rested = (last: bigint | undefined) =>
    now === undefined || last === undefined || last > now || now - last >= BigInt(Math.ceil(seconds * 1000));
  // Mostly the task is not due, and that needs no lock.
  if (!rested(readHint(path))) return false;
  let due = true;
  advanceHint(path, (last) => {
    due = rested(last);
    return due ? now : undefined;
  });
  return due;
}

/** Makes a task due at once, because it was begun and did not finish. */
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
