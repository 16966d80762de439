import { confirmedHere } from "../integrity/confirmed-here.ts";
import { pastDamage } from "../integrity/damage.ts";
import { isSameState } from "../integrity/living-witness.ts";
import { readIdentity } from "../integrity/replace-identity.ts";
import { livingOf } from "../journal-entry.ts";
import type { JournalEntry } from "../node-port.ts";
import type { Ports } from "../ports.ts";
import type { AttachmentRecord } from "../records.ts";
import { refKey } from "../ref-key.ts";
import { refTo } from "../ref-to.ts";
import type { CallOptions } from "../store-port.ts";
import { type WrittenAll, writeAll } from "./write-locked.ts";

/**
 * Writes again what the store has lost of this node's living holdings, though it had confirmed them: each
 * guarded by absence, so that another holder stays and is told as a conflict. In a store under suspicion
 * that is all of them; in one that is ready, a few that a hand deleted.
 *
 * @returns undefined where the store is being recovered, was moved away, or has no identity: nothing was compared.
 * @throws StoreFailure, IpamError; what is written stays.
 */
export async function writeMissing(ports: Ports, options: CallOptions): Promise<WrittenAll | undefined> {
  const meta = (await readIdentity(ports, options))?.record;
  if (meta === undefined || meta.state === "recovering" || meta.state === "moved") return undefined;
  const lost = await lostHere(meta.uuid, ports, options);
  const all = lost.map((entry) => ({ living: livingOf(entry), journaled: true }));
  return writeAll(all, ports, { ...options, contests: false, identity: meta });
}

/**
 * The living attachments of this node that the store had confirmed, and now lacks, or has in an earlier state.
 *
 * @throws StoreFailure.
 */
export async function lostHere(
  storeUuid: string,
  ports: Ports,
  options: CallOptions,
): Promise<JournalEntry[]> {
  const confirmed = confirmedHere(storeUuid, ports.node);
  const held = new Map<string, AttachmentRecord>();
  // The node may have had another name.
  for (const node of new Set(confirmed.map(({ holder }) => holder.node))) {
    const scope = { kind: "attachment", node } as const;
    for await (const { ref, record } of ports.store.list(scope, pastDamage(options, ports)))
      held.set(refKey(ref), record);
  }
  return confirmed.filter((entry) => {
    const { attachment, node } = entry.holder;
    const record = held.get(refKey(refTo.attachment(node, attachment)));
    return record === undefined || !isSameState(record, entry);
  });
}
