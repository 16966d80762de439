import { IpamError } from "../errors.ts";
import { describeAttachment, describeMove, describeSuspicion } from "../in-words.ts";
import type { RememberedStore } from "../node-port.ts";
import type { Ports } from "../ports.ts";
import { type MetaRecord, RECORD_VERSION } from "../records.ts";
import { refTo } from "../ref-to.ts";
import type { Won } from "../revision-in.ts";
import type { Snapshot, Versioned } from "../store-port.ts";
import { confirmedHere } from "./confirmed-here.ts";
import { placeName } from "./identity.ts";
import {
  olderState,
  requireAnsweredAsSeen,
  requireNoFormerRecovery,
  standingBefore,
  whyOlder,
} from "./older-state.ts";
import { ThrownBack } from "./thrown-back.ts";
import { OUT_OF_MOVE, outOfSuspicion, WAY_OUT, where } from "./ways-out.ts";

/**
 * ONE-STORE: checks that a snapshot is of the store that this node used for this address space.
 * `remembered` is what the node knew *before* the snapshot was read: another process may make the
 * identity, or raise the revision, right after. While a store is being recovered, nothing is compared, unless
 * this node has answered that recovery already; the next verb compares once the store is ready.
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
    if (remembered !== undefined) throw emptied(space, remembered, snapshot, ports);
    return undefined;
  }
  if (meta.record.version > RECORD_VERSION) throw newerStore(ports);
  if (remembered !== undefined && meta.record.state !== "suspect" && meta.record.state !== "moved")
    requireNoFormerRecovery(meta.record, remembered, space, ports);
  if (remembered !== undefined && meta.record.state === "ready")
    requireSame(meta.record, snapshot, remembered, space, ports);
  if (remembered !== undefined && meta.record.state === "recovering")
    requireAnsweredAsSeen(meta.record, snapshot, remembered, space, ports);
  return meta;
}

/**
 * ONE-STORE for a store that gives out addresses, or did until a node stopped all.
 *
 * @throws IpamError storeCannotWrite, tryAgain, as verifyStore.
 */
export function requireSame(
  meta: MetaRecord,
  snapshot: Snapshot,
  remembered: RememberedStore,
  space: string,
  ports: Ports,
): void {
  const { recovery } = meta;
  if (recovery !== undefined && recovery !== remembered.recovery) throw notAnswered(space, ports);
  if (remembered.uuid !== meta.uuid) throw replaced(space, remembered, meta.uuid, snapshot, ports);
  if (remembered.prefix !== ports.store.description.prefix) throw moved(space, remembered.prefix, ports);
  if (remembered.recovery !== undefined && recovery === undefined)
    throw olderState(space, "it does not know of the recovery that this node has answered", ports);
  const older = whyOlder(meta, snapshot, remembered);
  if (older !== undefined) throw olderState(space, older, ports);
}

/**
 * ONE-STORE by a transaction that followed a snapshot with a lower bound of the revision alone: verifies what the
 * transaction tells of the store's revision, for those who would have by the snapshot.
 *
 * @throws as `verify`.
 */
export function verifyByCommit(
  { atLeast, ...snapshot }: Snapshot,
  committed: Won,
  verify: (snapshot: Snapshot) => unknown,
): void {
  if (atLeast) verify({ ...snapshot, ...standingBefore(committed) });
}

/** Whether the place is certainly the one that the node remembers, so that its other users are concerned too. */
export function isSamePlace(remembered: RememberedStore, snapshot: Snapshot, ports: Ports): boolean {
  const place = placeName(snapshot, ports);
  return (
    place !== undefined &&
    remembered.lineage === place &&
    remembered.prefix === ports.store.description.prefix
  );
}

/**
 * ONE-STORE for a release, which this node may do before it has answered a recovery: what it frees also
 * leaves the journal, so the answer does not write it again. So it does where a store of this node alone was
 * emptied: there is nothing to free, and the runtime must be able to end the container.
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
  if (meta === undefined && !ports.store.description.shared) return;
  const unanswered = meta?.recovery !== undefined && meta.recovery !== remembered?.recovery;
  if (unanswered && meta.version <= RECORD_VERSION && meta.uuid === remembered?.uuid) return;
  verifyStore(snapshot, remembered, space, ports);
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
  if (meta?.record.state === "suspect") {
    throw new IpamError(
      "storeCannotWrite",
      describeSuspicion(meta.record),
      `the store would give out addresses that pods have: ${outOfSuspicion(meta.record)}`,
    );
  }
  if (meta?.record.state === "moved") throw new IpamError("tryAgain", describeMove(meta.record), OUT_OF_MOVE);
  if (meta !== undefined && meta.record.state !== "ready") {
    throw new IpamError(
      "tryAgain",
      "the store is being recovered: it gives out no addresses until every node has reported what its pods hold",
      "this ends when 'kube-ipam recover' finishes; if that command was interrupted, run it again",
    );
  }
}

function emptied(space: string, remembered: RememberedStore, snapshot: Snapshot, ports: Ports): IpamError {
  return refusal(
    isSamePlace(remembered, snapshot, ports),
    (who) =>
      `the ${where(ports)} is empty, but ${who} has used store ${remembered.uuid} for address space '${space}'`,
    `somebody replaced or emptied the store, and it would give out addresses that are in use${living(space, remembered, ports)}`,
    ports,
  );
}

/** So many are named; the number of the others follows. */
const NAMED = 3;

/** What lives on this node and had its addresses from the store. */
function living(space: string, { uuid }: RememberedStore, { node }: Ports): string {
  const entries = confirmedHere(uuid, node).filter((entry) => entry.space === space);
  if (entries.length === 0) return "";
  const named = entries
    .slice(0, NAMED)
    .map(({ addresses, holder }) => `${addresses.join(", ")} of ${describeAttachment(holder.attachment)}`);
  const others = entries.length > NAMED ? `, and ${entries.length - NAMED} more` : "";
  return `: ${named.join("; ")}${others}`;
}

function replaced(
  space: string,
  remembered: RememberedStore,
  found: string,
  snapshot: Snapshot,
  ports: Ports,
): IpamError {
  return refusal(
    isSamePlace(remembered, snapshot, ports),
    (who) => `the ${where(ports)} is not the one that ${who} has used for address space '${space}'`,
    `expected store ${remembered.uuid}, found ${found}`,
    ports,
  );
}

/** A node that was led to another store by its configuration must not stop that store's own nodes. */
function refusal(
  concernsAll: boolean,
  happened: (who: string) => string,
  evidence: string,
  ports: Ports,
): IpamError {
  if (concernsAll) return new ThrownBack(happened, evidence, ports);
  return new IpamError("storeCannotWrite", happened("this node"), `${evidence}; ${WAY_OUT}`);
}

function moved(space: string, expected: string, ports: Ports): IpamError {
  return new IpamError(
    "storeCannotWrite",
    `this node has used the prefix '${expected}' for address space '${space}', and its configuration now says '${ports.store.description.prefix}'`,
    `an address space lives in one store; ${WAY_OUT}`,
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
