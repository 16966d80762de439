import type { ClusterNames } from "../cluster-names.ts";
import { isOwnCluster, isUndecided } from "../cluster-relation.ts";
import type { ClusterPorts } from "../ports.ts";
import { RECORD_VERSION } from "../records.ts";
import type { CallOptions, Entry } from "../store-port.ts";
import { bootOf, type KnownBoots } from "./known-boots.ts";

/**
 * Writes the proof of each boot's node name and cluster into one record of that boot, so that it outlives
 * the Node. One record per boot is enough (`KnownBoots`).
 */
export class BootProver {
  readonly #proven = new Set<string>();
  readonly #unproven = new Map<string, Entry<"attachment">>();

  constructor(private readonly names: ClusterNames) {}

  /** Notes a record: it proves its boot, or may carry the proof. */
  see(entry: Entry<"attachment">): void {
    const { holder, version } = entry.record;
    const own = isOwnCluster(holder.cluster, this.names);
    const undecided = isUndecided(holder.cluster, this.names);
    if (holder.nodeVerified && !undecided) this.#proven.add(bootOf(holder));
    else if ((own || undecided) && version <= RECORD_VERSION) this.#unproven.set(bootOf(holder), entry);
  }

  /**
   * Writes each proof that no noted record carries. A record that another process changes meanwhile is
   * left to the next round.
   *
   * @returns the nodes where another process was quicker.
   * @throws StoreFailure; what was written before stays.
   */
  async prove(boots: KnownBoots, { store }: ClusterPorts, options: CallOptions): Promise<string[]> {
    const lost: string[] = [];
    for (const [boot, { ref, record, revision }] of this.#unproven) {
      const holder = boots.verified(record.holder);
      if (this.#proven.has(boot) || !holder.nodeVerified || !isOwnCluster(holder.cluster, this.names))
        continue;
      const put = { ref, record: { ...record, holder } };
      const { won } = await store.commit({ guards: [{ ref, revision }], puts: [put], deletes: [] }, options);
      if (!won) lost.push(ref.node);
    }
    return lost;
  }
}
