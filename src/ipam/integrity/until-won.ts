import { IpamError } from "../errors.ts";
import { StoreFailure } from "../store-port.ts";

const ATTEMPTS = 16;

/**
 * Repeats a step that reads, judges and commits, until its transaction wins. A step that loses reads
 * again (GUARDED), and so does one with an unknown outcome (RESOLVED): so each step must recognise its
 * own earlier work as done.
 *
 * @param what completes "could not …" in the error.
 * @param step answers undefined when its commit lost.
 * @throws IpamError tryAgain after 16 steps, and any other failure of the step.
 */
export async function untilWon<T>(what: string, step: () => Promise<T | undefined>): Promise<T> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const result = await step().catch((failure) => {
      if (failure instanceof StoreFailure && failure.kind === "unknown-outcome") return undefined;
      throw failure;
    });
    if (result !== undefined) return result;
  }
  throw new IpamError(
    "tryAgain",
    `could not ${what}: its records kept changing`,
    "other processes are changing the same records; try again",
  );
}
