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

  went(what: string): void {
    this.#reasons.delete(what);
  }
}
