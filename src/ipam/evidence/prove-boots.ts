import type { ClusterPorts } from "../ports.ts";
import { RECORD_VERSION } from "../records.ts";
import type { CallOptions, Entry } from "../store-port.ts";
import { bootOf, type KnownBoots } from "./known-boots.ts";

/**
 * Sees to it that one record of each boot says that its node's name was verified, so that whoever comes
 * next can tell too, when the Node is gone by then. One record a boot is enough (`KnownBoots`).
 */
export class BootProver {
  readonly #proven = new Set<string>();
  readonly #unproven = new Map<string, Entry<"attachment">>();

  constructor(private readonly clusterUid: string) {}

  see(entry: Entry<"attachment">): void {
    const { holder, version } = entry.record;
    if (holder.nodeVerified) this.#proven.add(bootOf(holder));
    else if (holder.cluster === this.clusterUid && version <= RECORD_VERSION)
      this.#unproven.set(bootOf(holder), entry);
  }

  /**
   * Writes what is known and was not seen in any record. Whoever else writes that record is not
   * disturbed: he reads again, and so does the next round.
   *
   * @throws StoreFailure.
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
