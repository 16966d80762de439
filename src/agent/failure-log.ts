import type { Log } from "../ipam/ports.ts";

/** Logs what fails again and again: once, and again when its reason changes or it had gone well meanwhile. */
export class FailureLog {
  readonly #log: Log;
  readonly #reasons = new Map<string, string>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** How many things fail now. */
  get size(): number {
    return this.#reasons.size;
  }

  failed(what: string, message: string, failure: unknown): void {
    const reason = String(failure);
    if (this.#reasons.get(what) !== reason) this.#log("warn", message, { reason });
    this.#reasons.set(what, reason);
  }

  /** Forgets all others: nobody tries them any more. */
  keepOnly(those: ReadonlySet<string>): void {
    for (const what of this.#reasons.keys()) if (!those.has(what)) this.#reasons.delete(what);
  }

  went(what: string): void {
    this.#reasons.delete(what);
  }
}
