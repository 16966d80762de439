import type { CallOptions } from "../../../ipam/store-port.ts";
import { abort } from "./abort.ts";
import type { Session } from "./session.ts";

/** Between two looks, in milliseconds: the first time, and the longest. A crowd that looks often keeps the API server from what it waits for. */
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [10, 250];

/** Waiting for transactions of others that are not decided. Each has its time from when it was met. */
export class Patience {
  readonly #session: Session;
  readonly #milliseconds: number;
  #transaction = "";
  #met = 0;
  #pause = FIRST_PAUSE_MS;

  /** @param milliseconds after which one that is still not decided is aborted. */
  constructor(session: Session, milliseconds: number) {
    this.#session = session;
    this.#milliseconds = milliseconds;
  }

  /** Waits a little, or aborts a transaction that was met long ago: its process is dead, or stopped. @throws StoreFailure */
  async wait(transaction: string, options: CallOptions): Promise<void> {
    const { now, random, sleep } = this.#session;
    if (transaction !== this.#transaction) {
      this.#transaction = transaction;
      this.#met = now();
    }
    if (now() - this.#met >= this.#milliseconds) return abort(this.#session, transaction, options);
    await sleep(Math.ceil(this.#pause * (0.5 + random())));
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE_MS);
  }
}
