import type { NodeFacts } from "../cluster-port.ts";
import type { Holder } from "../records.ts";

/**
 * Proves node names by boot IDs. A boot ID is unique in the world. So a Node that shows the boot ID of a
 * record, or one record of that boot whose name was verified, proves the name for all records of that
 * boot: also for those of pods that no ADD read from Kubernetes, because they had no wish.
 */
export class KnownBoots {
  readonly #known = new Set<string>();

  learnNode({ bootId, name }: NodeFacts): void {
    if (bootId !== undefined && bootId !== "") this.#known.add(bootOf({ node: name, bootId }));
  }

  learnHolder(holder: Holder): void {
    if (holder.nodeVerified && holder.bootId !== "") this.#known.add(bootOf(holder));
  }

  /** The holder, with `nodeVerified` set where its boot proves its node's name. */
  verified(holder: Holder): Holder {
    return this.#known.has(bootOf(holder)) ? { ...holder, nodeVerified: true } : holder;
  }
}

/** One boot of a machine under one name. */
export function bootOf({ bootId, node }: Pick<Holder, "bootId" | "node">): string {
  return `${node} ${bootId}`;
}
