import type { Witness } from "../node-port.ts";
import type { Ports } from "../ports.ts";
import { refKey } from "../ref-key.ts";
import { refTo } from "../ref-to.ts";
import type { CallOptions } from "../store-port.ts";
import { pastDamage } from "./damage.ts";
import { remembering } from "./identity.ts";
import { isSameState, lives } from "./living-witness.ts";

/**
 * Takes the store for these spaces as it is now, because an operator vouches for it: what it lacks of this
 * node's holdings proves nothing any more. What it has of them still does, if it should be thrown back again.
 *
 * Of a store without an identity nothing is remembered.
 *
 * @throws StoreFailure; IpamError io.
 */
export async function vouchForStore(
  spaces: readonly string[],
  ports: Ports,
  options: CallOptions,
): Promise<void> {
  const snapshot = await ports.store.read({ refs: [refTo.meta], exact: true }, options);
  const meta = snapshot.get(refTo.meta)?.record;
  const standing = meta === undefined ? [] : await standingHere(ports, options);
  const { storeMemory, witnesses } = ports.node;
  witnesses.forget();
  witnesses.note(standing);
  if (meta === undefined) return;
  for (const space of spaces) storeMemory.accept(space, remembering(meta, snapshot, ports));
}

/** In the order of their commits. */
async function standingHere(ports: Ports, options: CallOptions): Promise<Witness[]> {
  const { journal, name } = ports.node;
  const entries = journal.list().filter((entry) => lives(entry, ports.node));
  const known = new Map(
    entries.map((entry) => [refKey(refTo.attachment(entry.holder.node, entry.holder.attachment)), entry]),
  );
  const standing: Witness[] = [];
  const scope = { kind: "attachment", node: name } as const;
  for await (const { ref, record, revision } of ports.store.list(scope, pastDamage(options, ports))) {
    const entry = known.get(refKey(ref));
    if (entry === undefined || !isSameState(record, entry)) continue;
    standing.push({ space: record.space, id: ref.id, requestId: record.holder.requestId, revision });
  }
  return standing.sort((a, b) => a.revision - b.revision);
}
