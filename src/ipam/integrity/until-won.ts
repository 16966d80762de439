import { IpamError } from "../errors.ts";
import { StoreFailure } from "../store-port.ts";

const ATTEMPTS = 16;

/**
 * Repeats a read-judge-commit until its transaction wins: a loser reads again (GUARDED), and so does
 * one whose outcome is unknown (RESOLVED). The step must therefore find done what it did itself.
 *
 * @param step answers undefined when its commit lost.
 * @throws IpamError tryAgain when the records keep changing, and whatever the step throws.
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
