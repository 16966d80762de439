import type { Address } from "../../address/address.ts";
import { pause } from "../pause.ts";
import { refTo } from "../ref-to.ts";
import { type Attempt, requireStillWanted } from "../view/attempt.ts";

/** Of an ADD's 40 s, how long it may wait for holders to give their address back (BOUNDED). */
export const HAND_OVER_WAIT_MS = 20_000;

/** What is left of the deadline when waiting ends, to look once more and to answer. */
export const ANSWER_MS = 3_000;

/** How long the old interface is given to die: macvlan, ipvlan, vlan and ptp free the address first. */
export const SETTLE_MS = 200;

/** How often a waiting ADD looks whether it is still wanted. */
const LOOK_MS = 500;
/** How often it judges anew without a change in the store: a node may be fenced meanwhile. */
const JUDGE_MS = 3_000;

/**
 * Waits until the allocation of an address changes, or `JUDGE_MS` passed: the caller judges anew
 * either way. Watches the store's key, never the pod: the pod's end is no evidence (EVIDENCE).
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
      await Promise.race([change, pause(Math.min(LOOK_MS, Math.max(0, end - performance.now())))]);
    }
  } finally {
    abort.abort();
  }
  requireStillWanted(attempt);
}

/** Lets the old interface die after its DEL, without outliving the deadline. */
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
