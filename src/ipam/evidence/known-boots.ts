import type { ClusterNames } from "../cluster-names.ts";
import type { NodeFacts } from "../cluster-port.ts";
import { isOwnCluster, isUndecided } from "../cluster-relation.ts";
import type { Holder } from "../records.ts";

/**
 * Proves node names by boot IDs. A boot ID is unique in the world. So a Node that shows the boot ID of a
 * record, or one record of that boot whose name was verified, proves the name for all records of that
 * boot: also for those of pods that no ADD read from Kubernetes, because they had no wish. In the same way
 * such a Node, or a record under a name of this cluster, proves whose cluster that boot was, where the name
 * in a record decides nothing.
 */
export class KnownBoots {
  readonly #known = new Set<string>();
  readonly #own = new Set<string>();

  /** @param names what the cluster is called whose Nodes it learns. */
  constructor(private readonly names?: ClusterNames) {}

  learnNode({ bootId, name }: NodeFacts): void {
    if (bootId === undefined || bootId === "") return;
    this.#known.add(bootOf({ node: name, bootId }));
    this.#own.add(bootOf({ node: name, bootId }));
  }

  learnHolder(holder: Holder): void {
    if (holder.bootId === "") return;
    if (holder.nodeVerified) this.#known.add(bootOf(holder));
    if (holder.cluster !== undefined && isOwnCluster(holder.cluster, this.names))
      this.#own.add(bootOf(holder));
  }

  /** How many boots it knows. */
  get size(): number {
    return new Set([...this.#known, ...this.#own]).size;
  }

  /** Forgets all other boots, as `bootOf` writes them: in the life of a cluster they have no end. */
  keepOnly(boots: ReadonlySet<string>): void {
    for (const known of [this.#known, this.#own])
      for (const boot of known) if (!boots.has(boot)) known.delete(boot);
  }

  /**
   * The holder, with `nodeVerified` set where its boot proves its node's name, and with this cluster's name
   * where its boot proves that.
   */
  verified(holder: Holder): Holder {
    const boot = bootOf(holder);
    const verified = this.#known.has(boot) ? { ...holder, nodeVerified: true } : holder;
    if (this.names === undefined || !this.#own.has(boot) || !isUndecided(holder.cluster, this.names))
      return verified;
    return { ...verified, cluster: this.names.name };
  }
}

/** One boot of a machine under one name. */
export function bootOf({ bootId, node }: Pick<Holder, "bootId" | "node">): string {
  return `${node} ${bootId}`;
}
