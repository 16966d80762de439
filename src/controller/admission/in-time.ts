import { setImmediate } from "node:timers/promises";
import { IpamError } from "../../ipam/errors.ts";

/**
 * Between two steps of a review: lets everything else that the process has to do come first, and ends a
 * review that nobody waits for any more.
 *
 * @throws IpamError tryAgain after the deadline.
 */
export async function inTime(deadline: number): Promise<void> {
  await setImmediate();
  if (performance.now() <= deadline) return;
  throw new IpamError(
    "tryAgain",
    "the controller has too much to do",
    "the pods' own ADDs judge these addresses again",
  );
}
