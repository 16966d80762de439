import { IpamError } from "../errors.ts";
import type { RememberedStore } from "../node-port.ts";
import type { Ports } from "../ports.ts";
import type { MetaRecord } from "../records.ts";
import { refTo } from "../ref-to.ts";
import type { CallOptions, Snapshot } from "../store-port.ts";
import { unlessDamaged } from "./damage.ts";
import { keepEpoch } from "./epoch.ts";
import { recallStore, rememberStore } from "./identity.ts";
import { type LivingWitness, livingWitness, witnessRef } from "./living-witness.ts";
import { isSamePlace, verifyStore } from "./one-store.ts";
import { suspecting, ThrownBack } from "./thrown-back.ts";
import { isWitnessed } from "./witness.ts";

/**
 * ONE-STORE without an ADD: looks in one round trip whether the store was thrown back (a lower revision or
 * epoch, another lineage, a holding of this node that it has lost), remembers how far it has come, and keeps
 * its epoch rising. So a quiet node notices too, and knows enough to notice.
 *
 * @returns the store's identity; undefined where it has none.
 * @throws ThrownBack, after it has stopped all nodes; StoreFailure.
 */
export async function lookAtStore(ports: Ports, options: CallOptions): Promise<MetaRecord | undefined> {
  const spaces = spacesOf(ports).map((space) => {
    const remembered = recallStore(space, ports);
    return { space, remembered, witness: livingWitness(space, remembered, ports) };
  });
  const witnesses = spaces.flatMap(({ witness }) => (witness ? [witnessRef(witness)] : []));
  const read = async (of: typeof witnesses) => ({
    snapshot: await ports.store.read({ refs: [refTo.meta, ...of], exact: true }, options),
    asked: of.length > 0,
  });
  const { snapshot, asked } = await unlessDamaged(
    () => read(witnesses),
    () => read([]),
  );
  const meta = snapshot.get(refTo.meta);
  let isSound = asked || witnesses.length === 0;
  for (const { space, remembered, witness } of spaces) {
    const isThisStore = remembered !== undefined && remembered.uuid === meta?.record.uuid;
    if (remembered === undefined || !(isThisStore || isSamePlace(remembered, snapshot, ports))) continue;
    const among = asked ? witness : undefined;
    const look = () => lookAtSpace(space, remembered, among, snapshot, ports, options);
    isSound = (await suspecting(look, ports, options)) && isSound;
  }
  if (meta === undefined) return undefined;
  // The epoch rises about once a minute: the next ADD need not lose to learn of it.
  if (isSound) ports.foresight?.identified?.(meta, snapshot.connection);
  await keepEpoch(meta, ports, options);
  return meta.record;
}

/** Those that this node has used; where `dataDir` was lost, those of what it noted. */
function spacesOf({ node }: Ports): string[] {
  const remembered = node.storeMemory.spaces();
  if (remembered.length > 0) return remembered;
  const noted = [...node.witnesses.newest()].flatMap(({ id }) => node.journal.read(id)?.space ?? []);
  return [...new Set(noted)];
}

/** @returns whether this node may go on with the store for this space. */
async function lookAtSpace(
  space: string,
  remembered: RememberedStore,
  witness: LivingWitness | undefined,
  snapshot: Snapshot,
  ports: Ports,
  options: CallOptions,
): Promise<boolean> {
  const meta = verified(space, remembered, snapshot, ports);
  if (meta?.state !== "ready" || meta.uuid !== remembered.uuid) return false;
  // Where the witness has ended meanwhile, the next look takes another one.
  const isSound = await isWitnessed(witness, snapshot, undefined, ports, options);
  rememberStore(space, meta, snapshot, ports);
  return isSound;
}

/** Undefined where this node must not use the store for another reason: its ADDs say which. */
function verified(
  space: string,
  remembered: RememberedStore,
  snapshot: Snapshot,
  ports: Ports,
): MetaRecord | undefined {
  try {
    return verifyStore(snapshot, remembered, space, ports)?.record;
  } catch (failure) {
    if (failure instanceof ThrownBack || !(failure instanceof IpamError)) throw failure;
    return undefined;
  }
}
