import { addressesIn } from "./net-namespace.ts";
import { type LiveNamespace, liveNamespaces, type Place } from "./sandboxes.ts";

const EVERY_MS = 100;
/** Of the test's time, at most a fourth is spent on looking. */
const REST = 3;

/**
 * Looks at all namespaces of all machines some times a second: two that hold one address at one moment are
 * a broken promise, whatever store and pods say.
 */
export class DuplicateWatch implements Disposable {
  readonly #found = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #looks = 0;

  constructor(machines: () => readonly Place[]) {
    this.#next(machines, EVERY_MS);
  }

  /** One sentence for each address that two had at once. */
  get found(): readonly string[] {
    return [...this.#found];
  }

  get looks(): number {
    return this.#looks;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #next(machines: () => readonly Place[], pause: number): void {
    this.#timer = setTimeout(() => {
      const begin = performance.now();
      this.#look(machines());
      this.#next(machines, Math.max(EVERY_MS, REST * (performance.now() - begin)));
    }, pause);
  }

  #look(machines: readonly Place[]): void {
    this.#looks += 1;
    const owners = new Map<string, LiveNamespace>();
    for (const namespace of liveNamespaces(machines)) {
      for (const { address } of namespace.addresses) {
        const first = owners.get(address);
        // The first may have given it up before the second took it: it still had it only if it has it now.
        if (first !== undefined && holds(first, address))
          this.#found.add(`${address} was in ${first.name} and ${namespace.name} at once`);
        owners.set(address, namespace);
      }
    }
  }
}

function holds({ path }: LiveNamespace, address: string): boolean {
  return addressesIn(path)?.some((seen) => seen.address === address) ?? false;
}
