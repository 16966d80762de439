import type { Address } from "../../address/address.ts";
import type { Leaving } from "../commit/step.ts";
import { refTo } from "../ref-to.ts";
import type { Snapshot } from "../store-port.ts";
import type { Attempt } from "../view/attempt.ts";
import { report } from "../view/report.ts";
import { requirePodWanted } from "./pod-wanted.ts";
import { ANSWER_MS, HAND_OVER_WAIT_MS, settle, waitForChange } from "./wait.ts";

/** The waiting of one ADD for holders whose DEL is due: 20 s at most in all (BOUNDED). */
export class HandOverWait {
  readonly #attempt: Attempt;
  /** In milliseconds of performance.now(). */
  readonly #until: number;
  /** True where a holder is gone and its interface may still exist. */
  #unsettled = false;
  /** The address that this ADD waited for, until it has read the asking pod again. */
  #waitedFor: Address | undefined;

  constructor(attempt: Attempt) {
    this.#attempt = attempt;
    this.#until = Math.min(performance.now() + HAND_OVER_WAIT_MS, attempt.options.deadline - ANSWER_MS);
  }

  /**
   * Waits until the address's allocation changes after the picture, or it is time to judge again.
   *
   * @throws IpamError the choice's refusal once the time is up; else as `waitForChange`.
   */
  async forHolder({ address, refusal }: Leaving, { revision, since }: Snapshot): Promise<void> {
    const begin = performance.now();
    if (begin >= this.#until) throw refusal;
    this.#unsettled = true;
    this.#waitedFor = address;
    const ref = refTo.allocation(this.#attempt.request.network.space, address);
    await waitForChange(this.#attempt, address, since?.(ref) ?? revision, this.#until);
    report(this.#attempt, { what: "waited", milliseconds: performance.now() - begin });
  }

  /** True where the interface of a holder that has just gone may still answer on the wire. */
  get mustSettle(): boolean {
    return this.#unsettled;
  }

  /** Waits until the interface of the holder that has just gone is down. */
  async settle(): Promise<void> {
    await settle(this.#attempt);
    this.#unsettled = false;
  }

  /** Requires that the asking pod has not ended while its ADD waited. @throws IpamError podGone. */
  async requirePodWanted(): Promise<void> {
    if (this.#waitedFor === undefined) return;
    await requirePodWanted(this.#attempt, this.#waitedFor);
    this.#waitedFor = undefined;
  }
}
