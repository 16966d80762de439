import { confirmedHere } from "../integrity/confirmed-here.ts";
import { pastDamage } from "../integrity/damage.ts";
import { livingOf } from "../journal-entry.ts";
import type { Ports } from "../ports.ts";
import { refKey } from "../ref-key.ts";
import { refTo } from "../ref-to.ts";
import type { CallOptions } from "../store-port.ts";
import { type WrittenAll, writeAll } from "./write-locked.ts";

/**
 * Writes again what the store has lost of this node's living holdings, though it had confirmed them: each
 * guarded by absence, so that another holder stays and is told as a conflict. In a store under suspicion
 * that is all of them; in one that is ready, a few that a hand deleted.
 *
 * @throws StoreFailure, IpamError; what is written stays.
 */
export async function writeMissing(ports: Ports, options: CallOptions): Promise<WrittenAll> {
  const meta = (await ports.store.read({ refs: [refTo.meta] }, options)).get(refTo.meta)?.record;
  if (meta === undefined || meta.state === "recovering") return { written: 0, conflicts: [] };
  const confirmed = confirmedHere(meta.uuid, ports.node);
  if (confirmed.length === 0) return { written: 0, conflicts: [] };
  const held = new Set<string>();
  // The node may have had another name.
  for (const node of new Set(confirmed.map(({ holder }) => holder.node))) {
    const scope = { kind: "attachment", node } as const;
    for await (const { ref } of ports.store.list(scope, pastDamage(options, ports))) held.add(refKey(ref));
  }
  const missing = confirmed.filter(
    ({ holder }) => !held.has(refKey(refTo.attachment(holder.node, holder.attachment))),
  );
  return writeAll(missing.map(livingOf), ports, options);
}
