import { inFull } from "../../ipam/errors.ts";
import type { Log } from "../../ipam/ports.ts";

/** Logs a failure when it begins, when its reason changes and when it is over, and not each time in between. */
export class FailureLog {
  readonly #log: Log;
  readonly #what: string;
  #reason: string | undefined;

  /** @param what fails, as "cannot renew the lease". */
  constructor(log: Log, what: string) {
    this.#log = log;
    this.#what = what;
  }

  failed(failure: unknown): void {
    const reason = inFull(failure);
    if (reason !== this.#reason) this.#log("warn", this.#what, { reason });
    this.#reason = reason;
  }

  succeeded(): void {
    if (this.#reason !== undefined) this.#log("info", `resolved: ${this.#what}`);
    this.#reason = undefined;
  }
}
