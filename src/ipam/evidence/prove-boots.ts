import type { ClusterPorts } from "../ports.ts";
import { RECORD_VERSION } from "../records.ts";
import type { CallOptions, Entry } from "../store-port.ts";
import { bootOf, type KnownBoots } from "./known-boots.ts";

/**
 * Writes the proof of each boot's node name into one record of that boot, so that it outlives the Node.
 * One record per boot is enough (`KnownBoots`).
 */
export class BootProver {
  readonly #proven = new Set<string>();
  readonly #unproven = new Map<string, Entry<"attachment">>();

  constructor(private readonly clusterUid: string) {}

  /** Notes a record: it proves its boot, or may carry the proof. */
  see(entry: Entry<"attachment">): void {
    const { holder, version } = entry.record;
    if (holder.nodeVerified) this.#proven.add(bootOf(holder));
    else if (holder.cluster === this.clusterUid && version <= RECORD_VERSION)
      this.#unproven.set(bootOf(holder), entry);
  }

  /**
   * Writes each proof that no noted record carries. A record that another process changes meanwhile is
   * left to the next round.
   *
   * @throws StoreFailure; what was written before stays.
   */
  async prove(boots: KnownBoots, { store }: ClusterPorts, options: CallOptions): Promise<void> {
    for (const [boot, { ref, record, revision }] of this.#unproven) {
      const holder = boots.verified(record.holder);
      if (this.#proven.has(boot) || !holder.nodeVerified) continue;
      const put = { ref, record: { ...record, holder } };
      await store.commit({ guards: [{ ref, revision }], puts: [put], deletes: [] }, options);
    }
  }
}
