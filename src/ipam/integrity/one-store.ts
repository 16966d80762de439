import { IpamError } from "../errors.ts";
import type { RememberedStore } from "../node-port.ts";
import type { Ports } from "../ports.ts";
import { type MetaRecord, RECORD_VERSION } from "../records.ts";
import { refTo } from "../ref-to.ts";
import type { CallOptions, Snapshot, Versioned } from "../store-port.ts";

/**
 * ONE-STORE: checks that a snapshot is of the store that this node used for this address space.
 * `remembered` is what the node knew *before* the snapshot was read: another process may make the
 * identity, or raise the revision, right after. While a store is being recovered, nothing is compared;
 * the next verb compares once the store is ready.
 *
 * @returns the store's identity; undefined for a new store, where the node remembers none.
 * @throws IpamError storeCannotWrite: another store, an older state of it, or an empty one;
 *   tryAgain: the store was recovered, and this node has not answered yet.
 */
export function verifyStore(
  snapshot: Snapshot,
  remembered: RememberedStore | undefined,
  space: string,
  ports: Ports,
): Versioned<MetaRecord> | undefined {
  const meta = snapshot.get(refTo.meta);
  if (meta === undefined) {
    if (remembered !== undefined) throw emptied(space, remembered.uuid, ports);
    return undefined;
  }
  if (meta.record.version > RECORD_VERSION) throw newerStore(ports);
  if (remembered !== undefined && meta.record.state === "ready") {
    if (meta.record.recovery !== undefined && meta.record.recovery !== remembered.recovery)
      throw notAnswered(space, ports);
    if (remembered.uuid !== meta.record.uuid) throw replaced(space, remembered.uuid, meta.record.uuid, ports);
    if (remembered.prefix !== ports.store.description.prefix) throw moved(space, remembered.prefix, ports);
    const beforeRecovery = remembered.recovery !== undefined && meta.record.recovery === undefined;
    if (beforeRecovery || snapshot.revision < remembered.revision)
      throw olderState(space, remembered.revision, snapshot.revision, ports);
  }
  return meta;
}

/**
 * ONE-STORE for a release, which this node may do before it has answered a recovery: what it frees also
 * leaves the journal, so the answer does not write it again.
 *
 * @throws as verifyStore.
 */
export function verifyForRelease(
  snapshot: Snapshot,
  remembered: RememberedStore | undefined,
  space: string,
  ports: Ports,
): void {
  const meta = snapshot.get(refTo.meta)?.record;
  const unanswered = meta?.recovery !== undefined && meta.recovery !== remembered?.recovery;
  if (unanswered && meta.version <= RECORD_VERSION && meta.uuid === remembered?.uuid) return;
  verifyStore(snapshot, remembered, space, ports);
}

/** A new identity, for a store that has none. */
export function newIdentity(): MetaRecord {
  return { version: RECORD_VERSION, uuid: crypto.randomUUID(), state: "ready" };
}

/**
 * ONE-STORE for a commit without a read before it.
 *
 * @throws IpamError storeCannotWrite where the commit's revision is not above the one that this node knew.
 */
export function requireNewer(
  revision: number,
  remembered: RememberedStore,
  space: string,
  ports: Ports,
): void {
  if (revision <= remembered.revision) throw olderState(space, remembered.revision, revision, ports);
}

/**
 * Refuses to give out addresses while the store is being recovered, or lacks the identity that only
 * `store init` may make.
 *
 * @throws IpamError storeCannotWrite, tryAgain.
 */
export function requireReady(meta: Versioned<MetaRecord> | undefined, requireInit: boolean): void {
  if (meta === undefined && requireInit) {
    throw new IpamError(
      "storeCannotWrite",
      "the store has not been initialised",
      "requireInit is set, so no ADD initialises it: run 'kube-ipam store init' once for this store",
    );
  }
  if (meta !== undefined && meta.record.state !== "ready") {
    throw new IpamError(
      "tryAgain",
      "the store is being recovered: it gives out no addresses until every node has reported what its pods hold",
      "this ends when 'kube-ipam recover' finishes; if that command was interrupted, run it again",
    );
  }
}

/** Remembers on this node the store that `space` lives in. Best effort: a lost write makes the memory older. */
export function rememberStore(space: string, identity: Identity, revision: number, ports: Ports): void {
  ports.node.storeMemory.remember(space, remembering(identity, revision, ports));
}

/** What distinguishes a store, and its state after a recovery, from others. */
export type Identity = Pick<MetaRecord, "uuid" | "recovery">;

/** The store of these ports, in the form in which a node remembers it. */
export function remembering({ uuid, recovery }: Identity, revision: number, ports: Ports): RememberedStore {
  const { prefix } = ports.store.description;
  return { uuid, revision, prefix, ...(recovery !== undefined && { recovery }) };
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
  const present = (await ports.store.read({ refs: [refTo.meta] }, options)).get(refTo.meta);
  if (present !== undefined) return { meta: present.record, created: false };
  const meta = newIdentity();
  const outcome = await ports.store.commit(
    {
      guards: [{ ref: refTo.meta, revision: 0 }],
      puts: [{ ref: refTo.meta, record: meta }],
      deletes: [],
    },
    options,
  );
  return outcome.won ? { meta, created: true } : initStore(ports, options);
}

const WAY_OUT =
  "if this is intended (a restored backup, a new store), run 'kube-ipam recover': each node then reports to the store " +
  "what its pods hold; or make sure that no pod holds an address that the store does not know, and run " +
  "'kube-ipam store accept' on this node";

function where(ports: Ports): string {
  return `${ports.store.description.kind} store ${ports.store.description.location}`;
}

function emptied(space: string, uuid: string, ports: Ports): IpamError {
  return new IpamError(
    "storeCannotWrite",
    `the ${where(ports)} is empty, but this node has used store ${uuid} for address space '${space}'`,
    `somebody replaced or emptied the store, and it would give out addresses that are in use; ${WAY_OUT}`,
  );
}

function replaced(space: string, expected: string, found: string, ports: Ports): IpamError {
  return new IpamError(
    "storeCannotWrite",
    `the ${where(ports)} is not the one that this node has used for address space '${space}'`,
    `expected store ${expected}, found ${found}; ${WAY_OUT}`,
  );
}

function moved(space: string, expected: string, ports: Ports): IpamError {
  return new IpamError(
    "storeCannotWrite",
    `this node has used the prefix '${expected}' for address space '${space}', and its configuration now says '${ports.store.description.prefix}'`,
    `an address space lives in one store; ${WAY_OUT}`,
  );
}

function olderState(space: string, expected: number, found: number, ports: Ports): IpamError {
  return new IpamError(
    "storeCannotWrite",
    `the ${where(ports)} is older than when this node last used it for address space '${space}'`,
    `it was at revision ${expected} and is now at ${found}, as after a restored backup; ${WAY_OUT}`,
  );
}

function notAnswered(space: string, ports: Ports): IpamError {
  return new IpamError(
    "tryAgain",
    `the ${where(ports)} was recovered, and this node has not reported yet what its pods hold in address space '${space}'`,
    "the node's agent reports it within seconds; without an agent, run 'kube-ipam recover --this-node' on this node",
  );
}

function newerStore(ports: Ports): IpamError {
  return new IpamError(
    "storeCannotWrite",
    `the ${where(ports)} was made by a newer kube-ipam`,
    "upgrade kube-ipam on this node",
  );
}
