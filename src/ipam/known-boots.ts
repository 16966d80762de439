import type { NodeFacts } from "./cluster-port.ts";
import type { Holder } from "./records.ts";

/**
 * Which machine bears which Node's name. A boot ID is unique in the world, so a Node object that shows
 * the boot ID of a record, or one record of that boot whose name was verified, proves the name for all
 * records of that boot: also for those of pods that were never looked up, because they wanted nothing.
 */
export class KnownBoots {
  readonly #known = new Set<string>();

  learnNode({ bootId, name }: NodeFacts): void {
    if (bootId !== undefined && bootId !== "") this.#known.add(keyOf(name, bootId));
  }

  learnHolder({ bootId, node, nodeVerified }: Holder): void {
    if (nodeVerified && bootId !== "") this.#known.add(keyOf(node, bootId));
  }

  /** The holder, its node's name verified where that is known. */
  verified(holder: Holder): Holder {
    return this.#known.has(keyOf(holder.node, holder.bootId)) ? { ...holder, nodeVerified: true } : holder;
  }
}

function keyOf(node: string, bootId: string): string {
  return `${node} ${bootId}`;
}
