/** Time that passes only when nothing is left to do. */
export class VirtualTime {
  now = 0;
  #order = 0;
  readonly #events: { readonly at: number; readonly order: number; readonly run: () => void }[] = [];

  at(time: number, run: () => void): void {
    const event = { at: Math.max(time, this.now), order: this.#order++, run };
    const later = this.#events.findIndex(({ at }) => at > event.at);
    this.#events.splice(later === -1 ? this.#events.length : later, 0, event);
  }

  sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => this.at(this.now + milliseconds, resolve));
  }

  /** Until nothing is to happen any more. */
  async run(): Promise<void> {
    for (;;) {
      await quiet();
      const next = this.#events.shift();
      if (next === undefined) return;
      this.now = next.at;
      next.run();
    }
  }
}

/** Everything that waits for nothing but other code has run. */
function quiet(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
