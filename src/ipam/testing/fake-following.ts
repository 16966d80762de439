import type { NodeFacts, PodFacts } from "../cluster-port.ts";
import type { Following, Seen } from "../inventory-port.ts";

/** Pods and nodes as a list and its watch tell of them; the test says what happens. */
export class FakeFollowing implements Following {
  readonly podFeed = new Feed<PodFacts>();
  readonly nodeFeed = new Feed<NodeFacts>();

  pods(signal: AbortSignal): AsyncIterable<Seen<PodFacts>> {
    return this.podFeed.follow(signal);
  }

  nodes(signal: AbortSignal): AsyncIterable<Seen<NodeFacts>> {
    return this.nodeFeed.follow(signal);
  }
}

/** What one follower gets to see. */
class Feed<T> {
  readonly #seen: Seen<T>[] = [];
  #wake: () => void = () => undefined;

  tell(...seen: readonly Seen<T>[]): void {
    this.#seen.push(...seen);
    this.#wake();
  }

  /** All there are, listed anew. */
  list(objects: Iterable<T>): void {
    const present = [...objects].map((object): Seen<T> => ({ kind: "present", object }));
    this.tell({ kind: "listing" }, ...present, { kind: "listed" });
  }

  async *follow(signal: AbortSignal): AsyncGenerator<Seen<T>> {
    signal.addEventListener("abort", () => this.#wake());
    while (!signal.aborted) {
      const next = this.#seen.shift();
      if (next !== undefined) yield next;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
