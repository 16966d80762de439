/** Milliseconds, or a little more: longer than any pause of the program. */
const MOST_IDLE = 30_000;

/**
 * Time that passes only when everybody waits: what takes turns, and in which order, depends on the delays
 * alone, which the caller draws from a seed.
 */
export class VirtualTime {
  /** Milliseconds. */
  now = 0;
  readonly #waiting: { readonly at: number; readonly number: number; readonly wake: () => void }[] = [];
  #count = 0;
  #real = () => 0;

  readonly pause = (milliseconds: number): Promise<void> =>
    new Promise((wake) => {
      this.#push({ at: this.now + Math.max(0, milliseconds), number: this.#count++, wake });
    });

  /** Lets time pass until the work is done. Whoever asks this process for its monotonic clock meanwhile is told this time. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const clock = performance.now;
    this.#real = clock.bind(performance);
    performance.now = () => this.now;
    try {
      return await this.#pass(work());
    } finally {
      performance.now = clock;
    }
  }

  async #pass<T>(work: Promise<T>): Promise<T> {
    let done = false;
    const end = () => {
      done = true;
    };
    work.then(end, end);
    for (let idle = 0; !done; ) {
      await everybodyWaits();
      const next = done ? undefined : this.#pop();
      if (next === undefined) {
        // Somebody waits for a real timer: a pause of the program itself.
        if (!done && ++idle > MOST_IDLE) throw new Error("expected the simulation to go on");
        const begun = this.#real();
        await Bun.sleep(1);
        this.now += this.#real() - begun;
        continue;
      }
      idle = 0;
      this.now = next.at;
      next.wake();
    }
    return work;
  }

  #push(entry: { readonly at: number; readonly number: number; readonly wake: () => void }): void {
    const heap = this.#waiting;
    heap.push(entry);
    for (let at = heap.length - 1; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!this.#swapped(parent, at)) return;
      at = parent;
    }
  }

  #pop() {
    const heap = this.#waiting;
    const [first] = heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    heap[0] = last;
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      const right = left + 1;
      const child = right < heap.length && isBefore(heap[right], heap[left]) ? right : left;
      if (child >= heap.length || !this.#swapped(at, child)) return first;
      at = child;
    }
  }

  /** Brings the earlier one of two up. */
  #swapped(upper: number, lower: number): boolean {
    const heap = this.#waiting;
    const [a, b] = [heap[upper], heap[lower]];
    if (a === undefined || b === undefined || isBefore(a, b)) return false;
    heap[upper] = b;
    heap[lower] = a;
    return true;
  }
}

type Ordered = { readonly at: number; readonly number: number } | undefined;

function isBefore(a: Ordered, b: Ordered): boolean {
  if (a === undefined || b === undefined) return b === undefined;
  return a.at < b.at || (a.at === b.at && a.number < b.number);
}

/** Resolves when all that was woken has gone as far as it can. */
function everybodyWaits(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
