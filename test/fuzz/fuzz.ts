import { test } from "bun:test";
import fc from "fast-check";

/**
 * Runs `check` on values of `values` until this target's share of the time is over: of a minute, or of
 * `$KUBE_IPAM_FUZZ_SECONDS`. Two files run at once. A failure names the seed and the path that lead to it:
 * `KUBE_IPAM_FUZZ_SEED=… KUBE_IPAM_FUZZ_PATH=…` runs that one value again.
 */
export function fuzz<T>(
  name: string,
  values: fc.Arbitrary<T>,
  check: (value: T) => Promise<void> | void,
): void {
  const body = async () => {
    let runs = 0;
    // The end of the time interrupts a value, which may be the very one that never ends.
    let last: Promise<void> | undefined;
    const property = fc.asyncProperty(values, async (value) => {
      runs += 1;
      last = Promise.resolve(check(value));
      await last;
    });
    await fc.assert(property, {
      seed: SEED,
      ...(PATH !== undefined && { path: PATH }),
      numRuns: 10_000_000,
      interruptAfterTimeLimit: SHARE_MS,
      markInterruptAsFailure: false,
      asyncReporter: async (details) => {
        if (details.failed) throw new Error(tellFailure(name, details));
      },
    });
    await last;
    console.log(`fuzz ${name}: ${runs} values, seed ${SEED}`);
  };
  test(name, body, SHARE_MS + LAST_VALUE_MS);
}

const SECONDS = Number(process.env.KUBE_IPAM_FUZZ_SECONDS ?? 60);
const SEED = Number(process.env.KUBE_IPAM_FUZZ_SEED ?? Math.floor(Math.random() * 0x7fff_ffff));
const PATH = process.env.KUBE_IPAM_FUZZ_PATH;

/** Calls of `fuzz` in this folder. */
const TARGETS = 8;
const AT_ONCE = 2;
const SHARE_MS = (SECONDS * 1000 * AT_ONCE) / TARGETS;
/** The last value may begin just before the end; making a failure smaller takes time, too. */
const LAST_VALUE_MS = 60_000;

/** Values may be megabytes: a failure shows where it began. */
const SHOWN = 4_000;

function tellFailure<T>(name: string, details: fc.RunDetails<T>): string {
  const value = fc.stringify(details.counterexample);
  const cut = value.length > SHOWN ? `${value.slice(0, SHOWN)}… (${value.length} characters)` : value;
  const again = `KUBE_IPAM_FUZZ_SEED=${details.seed} KUBE_IPAM_FUZZ_PATH=${details.counterexamplePath}`;
  return `fuzz ${name}, again with ${again}\n${cut}\n${details.errorInstance}`;
}
