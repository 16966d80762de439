import type { Log } from "../../ipam/ports.ts";

/** Tells of a trouble when it begins, when it changes and when it is over, and not each time in between. */
export class TroubleLog {
  readonly #log: Log;
  readonly #what: string;
  #reason: string | undefined;

  /** @param what fails, as "the lease could not be asked for". */
  constructor(log: Log, what: string) {
    this.#log = log;
    this.#what = what;
  }

  failed(failure: unknown): void {
    const reason = failure instanceof Error ? failure.message : String(failure);
    if (reason !== this.#reason) this.#log("warn", this.#what, { reason });
    this.#reason = reason;
  }

  worked(): void {
    if (this.#reason !== undefined) this.#log("info", `over: ${this.#what}`);
    this.#reason = undefined;
  }
}
