import { pause } from "../pause.ts";
import { type Attempt, requireStillWanted } from "./attempt.ts";

/** How often an ADD that waits for another one checks that it is still wanted, in milliseconds. */
const CHECK_MS = 500;

/**
 * Waits for another ADD, which may have more time than this one.
 *
 * @param awaited never rejects.
 * @returns what the other one has told; undefined at this ADD's own deadline.
 * @throws IpamError when this ADD is no longer wanted.
 */
export async function whileWanted<T>(attempt: Attempt, awaited: Promise<T>): Promise<T | undefined> {
  const { deadline } = attempt.options;
  const ended = new AbortController();
  let told: T | undefined;
  const end = awaited.then((value) => {
    told = value;
    ended.abort();
  });
  while (!ended.signal.aborted && performance.now() < deadline) {
    requireStillWanted(attempt);
    const left = Math.max(0, deadline - performance.now());
    await Promise.race([end, pause(Math.min(CHECK_MS, left), ended.signal)]);
  }
  return told;
}
