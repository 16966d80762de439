import { isSubstitute } from "../cluster-names.ts";
import type { RememberedStore } from "../node-port.ts";
import type { Ports } from "../ports.ts";
import { type MetaRecord, RECORD_VERSION } from "../records.ts";
import type { CallOptions, Snapshot } from "../store-port.ts";
import { livingWitness } from "./living-witness.ts";
import { readIdentity, replaceIdentity } from "./replace-identity.ts";

/** What distinguishes a store, and its state, from others. */
export type Identity = Pick<MetaRecord, "uuid" | "recovery" | "formerRecoveries" | "epoch">;

/** How many former recoveries store and node remember. */
const MOST_FORMER = 16;

/** Where the store stood when its identity was read or guarded. */
export type Standing = Pick<Snapshot, "revision" | "atLeast" | "lineage">;

/** A new identity, for a store that has none. */
export function newIdentity(): MetaRecord {
  return { version: RECORD_VERSION, uuid: crypto.randomUUID(), state: "ready" };
}

/**
 * The store that this node has used for a space. Where `dataDir` was lost with the node's memory, what
 * lives on the node still says it; after a reboot nothing lives.
 */
export function recallStore(
  space: string,
  ports: Pick<Ports, "node" | "store">,
): RememberedStore | undefined {
  const remembered = ports.node.storeMemory.recall(space);
  if (remembered !== undefined) return remembered;
  const entry = livingWitness(space, undefined, ports)?.entry;
  return entry && { uuid: entry.storeUuid, prefix: ports.store.description.prefix, revision: 0 };
}

/** Remembers on this node the store that `space` lives in. Best effort: a lost write makes the memory older. */
export function rememberStore(space: string, identity: Identity, standing: Standing, ports: Ports): void {
  ports.node.storeMemory.remember(space, remembering(identity, standing, ports));
}

/** The store of these ports, in the form in which a node remembers it. */
export function remembering(
  { uuid, recovery, formerRecoveries, epoch }: Identity,
  standing: Standing,
  ports: Pick<Ports, "clusterNames" | "store">,
): RememberedStore {
  const { revision } = standing;
  const lineage = placeName(standing, ports);
  return {
    uuid,
    revision,
    prefix: ports.store.description.prefix,
    ...(recovery !== undefined && { recovery }),
    ...(formerRecoveries !== undefined && { formerRecoveries }),
    ...(epoch !== undefined && { epoch }),
    ...(lineage !== undefined && { lineage }),
  };
}

/** What names the place where a store lies, for whoever meets another one there; undefined where nothing does. */
export function placeName(
  { lineage }: Pick<Standing, "lineage">,
  { clusterNames, store }: Pick<Ports, "clusterNames" | "store">,
): string | undefined {
  if (lineage !== undefined || store.description.ofCluster !== true) return lineage;
  return clusterNames === undefined || isSubstitute(clusterNames.name) ? undefined : clusterNames.name;
}

/** Former recoveries with further ones, where there are any. */
export function withFormer(
  former: readonly string[] = [],
  ...further: readonly (string | undefined)[]
): Pick<Identity, "formerRecoveries"> {
  const all = [...former, ...further.filter((each) => each !== undefined)];
  const distinct = [...new Set(all)].slice(-MOST_FORMER);
  return distinct.length > 0 ? { formerRecoveries: distinct } : {};
}

/**
 * Creates the store's identity (`kube-ipam store init`) where it has none.
 *
 * @returns the identity that the store has now, and whether this call created it.
 * @throws StoreFailure.
 */
export async function initStore(
  ports: Pick<Ports, "store">,
  options: CallOptions,
): Promise<{ meta: MetaRecord; created: boolean }> {
  const present = await readIdentity(ports, options);
  if (present !== undefined) return { meta: present.record, created: false };
  const meta = newIdentity();
  const created = await replaceIdentity(meta, undefined, ports, options);
  return created ? { meta, created } : initStore(ports, options);
}
