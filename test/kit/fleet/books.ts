import type { PodFacts } from "../../../src/ipam/cluster-port.ts";
import type { SimulatedNode } from "./simulated-node.ts";

/** A pod that has an address. */
export interface RunningPod {
  readonly node: SimulatedNode;
  readonly container: string;
  readonly pod: PodFacts;
  readonly address: string;
  /** It named the address, which lies outside the pool. */
  readonly fixed: boolean;
}

/** Who was given what, and has not given it back. */
export class Books {
  /** By container. */
  readonly running = new Map<string, RunningPod>();
  /** What was given out while somebody else had it, in words. */
  readonly twice: string[] = [];
  /** How many of the running pods have an address of the pool. */
  given = 0;
  readonly #owners = new Map<string, string>();
  readonly #byNode = new Map<SimulatedNode, Set<string>>();

  gave(pod: RunningPod): void {
    const { container, address, node, fixed } = pod;
    const before = this.#owners.get(address);
    if (before !== undefined) this.twice.push(`${address} was given to ${container} while ${before} had it`);
    this.#owners.set(address, container);
    this.running.set(container, pod);
    const own = this.#byNode.get(node) ?? new Set();
    this.#byNode.set(node, own.add(container));
    if (!fixed) this.given += 1;
  }

  /** Before its DEL begins: another one may have the address before that has ended. */
  ends({ container, address, node, fixed }: RunningPod): void {
    this.#byNode.get(node)?.delete(container);
    this.running.delete(container);
    if (this.#owners.get(address) === container) this.#owners.delete(address);
    if (!fixed) this.given -= 1;
  }

  podsOf(node: SimulatedNode): RunningPod[] {
    return [...(this.#byNode.get(node) ?? [])].flatMap((container) => this.running.get(container) ?? []);
  }

  /** Addresses by container. */
  addresses(): Map<string, string> {
    return new Map([...this.running].map(([container, { address }]) => [container, address]));
  }
}
