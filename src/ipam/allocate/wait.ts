import type { Address } from "../../address/address.ts";
import { pause } from "../pause.ts";
import { refTo } from "../ref-to.ts";
import { type Attempt, requireStillWanted } from "../view/attempt.ts";

/** Of an ADD's 40 s, the longest wait for holders to give their address back, in milliseconds (BOUNDED). */
export const HAND_OVER_WAIT_MS = 20_000;

/** Time that waiting leaves before the deadline, in milliseconds, to read once more and to answer. */
export const ANSWER_MS = 3_000;

/**
 * Time for the old interface to go down, in milliseconds: macvlan, ipvlan, vlan and ptp free the
 * address first.
 */
export const SETTLE_MS = 200;

/** How often a waiting ADD checks that it is still wanted. */
const CHECK_MS = 500;
/** How often it judges again without a change in the store: a node may be fenced meanwhile. */
const JUDGE_MS = 3_000;

/**
 * Waits until the allocation of an address changes after revision `since`, `JUDGE_MS` have passed, or it
 * is `until` (milliseconds of performance.now()). The caller judges again in each case. Watches the
 * store's key, never the pod: the pod's end is no evidence (EVIDENCE).
 *
 * @throws IpamError when the ADD is no longer wanted.
 */
export async function waitForChange(
  attempt: Attempt,
  address: Address,
  since: number,
  until: number,
): Promise<void> {
  const end = Math.min(until, performance.now() + JUDGE_MS);
  const abort = new AbortController();
  let changed = false;
  const change = firstChange(attempt, address, since, abort.signal).then(
    () => {
      changed = true;
    },
    // A watch that fails costs no more than the pause until the next judging.
    () => pause(JUDGE_MS, abort.signal),
  );
  try {
    while (!changed && performance.now() < end) {
      requireStillWanted(attempt);
      await Promise.race([change, pause(Math.min(CHECK_MS, Math.max(0, end - performance.now())))]);
    }
  } finally {
    abort.abort();
  }
  requireStillWanted(attempt);
}

/** Gives the old interface time to go down after its DEL, within the deadline. */
export function settle(attempt: Attempt): Promise<void> {
  return pause(Math.max(0, Math.min(SETTLE_MS, attempt.options.deadline - performance.now())));
}

async function firstChange(
  attempt: Attempt,
  address: Address,
  since: number,
  signal: AbortSignal,
): Promise<void> {
  const { space } = attempt.request.network;
  const scope = refTo.allocation(space, address);
  for await (const change of attempt.ports.store.watch(scope, since, { signal, keysOnly: true })) {
    const { ref } = change;
    if (ref.address.value === address.value && ref.address.family === address.family) return;
  }
}
