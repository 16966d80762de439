import { isWithin } from "../../address/interval.ts";
import type { Pool } from "../../address/pool.ts";
import { IpamError } from "../errors.ts";
import type { Memory } from "../foresight.ts";
import {
  guardOfWitness,
  type LivingWitness,
  livingWitness,
  stands,
  witnessRef,
} from "../integrity/living-witness.ts";
import { networkKey } from "../network.ts";
import type { RememberedStore } from "../node-port.ts";
import { dependsOnOwner } from "../plan/depends-on-owner.ts";
import { planTargets } from "../plan/plan.ts";
import type { OpenTarget, Target } from "../plan/target.ts";
import type { MetaRecord } from "../records.ts";
import type { AddRequest } from "../requests.ts";
import { intervalOf } from "../reserve/reserved-ranges.ts";
import type { Guard, Snapshot } from "../store-port.ts";
import type { Attempt } from "../view/attempt.ts";
import type { Candidate } from "../view/candidate.ts";
import { untouchedCandidate } from "../view/candidate.ts";
import { startPosition, takeNext } from "../view/cursor.ts";
import { LOOK } from "../view/slice.ts";
import { ask, formerOwnerRefs, networkRef, type View } from "../view/view.ts";
import { namedCandidate, rememberedOwner } from "./foresee-named.ts";
import { giveBackNearby, isCalm, isFull, takeNearby } from "./nearby.ts";

/** What an ADD may try to commit without a read. */
export interface Foreseen {
  readonly view: View;
  readonly candidates: readonly Candidate[];
}

/**
 * Candidates that nobody is known to hold, for an ADD that takes any address or names one. The
 * transaction guards everything that was not read. Undefined where the ADD must read the store first.
 * Never refuses: an attachment may have had its addresses before they were forbidden, and only a read
 * can tell (IDEMPOTENT).
 */
export function foresee(attempt: Attempt): Foreseen | undefined {
  const { request, ports } = attempt;
  giveBackNearby(attempt);
  if (ports.foresight === undefined || !isSimple(request) || attempt.refusal !== undefined) return undefined;
  const key = networkKey(request.network);
  const memory = ports.foresight.recall(key);
  if (memory === undefined) return undefined;
  const remembered = ports.node.storeMemory.recall(request.network.space);
  const { meta, network, reservedRanges } = memory;
  const known = remembered?.uuid === meta.record.uuid && remembered.prefix === ports.store.description.prefix;
  if (!known || meta.record.state !== "ready" || !isAsNew(meta.record, remembered)) return undefined;
  const targets = allowedTargets(request);
  if (targets === undefined) return undefined;
  const witness = guardedWitness(attempt, memory, remembered);
  // A witness whose revision nobody knows cannot be guarded.
  if (witness?.revision === 0) return undefined;
  const questions = ask(attempt, targets, witness);
  const candidates = candidatesFor(attempt, targets, memory);
  if (candidates === undefined) return undefined;
  const snapshot = notRead(remembered.revision, memory.connection);
  const named = targets.some(({ kind }) => kind === "named");
  const owner = named ? rememberedOwner(attempt) : undefined;
  const foreseen = isCalm(attempt, candidates) ? "known" : "guessed";
  const records = { meta, network, ...(reservedRanges && { reservedRanges }), ...(owner && { owner }) };
  return {
    view: { targets, questions, remembered, snapshot, ...records, formerOwners: [], foreseen },
    candidates,
  };
}

/** After it has lost its connection an agent reads, and looks at its witness; where the store knows no connections, it guards one. */
function guardedWitness(
  { ports, request }: Attempt,
  { connection }: Memory,
  remembered: RememberedStore | undefined,
): LivingWitness | undefined {
  const { space } = request.network;
  const { witnesses } = ports.foresight ?? {};
  if (witnesses === undefined) return livingWitness(space, remembered, ports);
  if (connection !== undefined) return undefined;
  return witnesses.of(
    space,
    (isYoung) => livingWitness(space, remembered, ports, ({ requestId }) => !isYoung(requestId)),
    ({ entry }) => stands(entry, ports.node),
  );
}

/** False where the node has seen a newer identity of the store than the memory has. */
function isAsNew({ epoch = 0, recovery }: MetaRecord, remembered: RememberedStore): boolean {
  return epoch >= (remembered.epoch ?? 0) && recovery === remembered.recovery;
}

/** Undefined where the network's configuration does not allow what the wish names. */
function allowedTargets(request: AddRequest): Target[] | undefined {
  try {
    return planTargets(request);
  } catch (failure) {
    if (failure instanceof IpamError) return undefined;
    throw failure;
  }
}

/**
 * Further guards for the transaction of a foreseen view, because nothing was read. Of one that was read the witness,
 * where no connection tells that the store was restored since.
 */
export function furtherGuards(attempt: Attempt, view: View): Guard[] {
  if (view.foreseen === undefined) return guardsOfRead(attempt, view);
  const { witness } = view.questions;
  return [
    { ref: networkRef(attempt), revision: view.network?.revision ?? 0 },
    // What the pod had when it asked for addresses ends now: who has a record of it reads that.
    ...formerOwnerRefs(attempt).map((ref) => ({ ref, revision: 0 })),
    ...(witness ? guardOfWitness(witness) : []),
  ];
}

function guardsOfRead({ ports }: Attempt, { questions: { witness }, snapshot }: View): Guard[] {
  if (witness === undefined || ports.store.description.ofCluster !== true) return [];
  const ref = witnessRef(witness);
  const found = snapshot.get(ref);
  return found === undefined ? [] : [{ ref, revision: found.revision }];
}

/**
 * Remembers the records of a view that was read and is about to lead to a commit, besides its addresses. ADDs
 * that waited for it go on with them.
 */
export function learn(attempt: Attempt, view: View): void {
  const { request, ports } = attempt;
  const { meta, network, reservedRanges } = view;
  if (ports.foresight === undefined || !isSimple(request) || !meta || !network || view.foreseen) return;
  const { connection } = view.snapshot;
  ports.foresight.learn(networkKey(request.network), {
    meta,
    ...(connection !== undefined && { connection }),
    network,
    ...(reservedRanges && { reservedRanges }),
    reserved: (reservedRanges?.record.ranges ?? []).map(intervalOf),
  });
}

/** Forgets a network's memory after a foreseen view lost. */
export function forgetForeseen({ ports, request }: Attempt, view: View): void {
  if (view.foreseen) ports.foresight?.forget(networkKey(request.network));
}

/** Whether the ADD's addresses do not depend on those of other pods of the workload or the namespace. */
export function isSimple(request: AddRequest): boolean {
  return !dependsOnOwner(request) && request.network.policy?.maxPerNamespace === undefined;
}

function candidatesFor(
  attempt: Attempt,
  targets: readonly Target[],
  memory: Memory,
): Candidate[] | undefined {
  const candidates: Candidate[] = [];
  for (const target of targets) {
    const candidate =
      target.kind === "named"
        ? namedCandidate(attempt, target, memory)
        : freeCandidate(attempt, target, memory);
    if (candidate === undefined) return undefined;
    candidates.push(candidate);
  }
  return candidates;
}

function freeCandidate(attempt: Attempt, target: OpenTarget, { reserved }: Memory): Candidate | undefined {
  if (target.own.length > 0) return undefined;
  for (const pool of target.pools) {
    // The memory serves every asker: an address that is reserved for this one does not count as free.
    const usable = (position: bigint) => !isWithin(pool.at(position), reserved);
    const position = attempt.ports.foresight?.neighbourhoods
      ? takeNearby(attempt, pool, usable)
      : behindCursor(attempt, pool, usable);
    if (position !== undefined) return untouchedCandidate(target, pool.at(position));
    // What this node gave back is taken above. What others gave back, a look finds before the set counts as full.
    if (!isFull(attempt, pool)) return undefined;
  }
  return undefined;
}

/** The next position behind the node's cursor, as if nobody held it. */
function behindCursor(
  { request, ports }: Attempt,
  pool: Pool,
  usable: (position: bigint) => boolean,
): bigint | undefined {
  const { space } = request.network;
  const { position: start } = startPosition(pool, space, ports);
  const all = function* () {
    for (let step = 0n; step < LOOK && step < pool.size; step++) {
      const position = (start + step) % pool.size;
      if (usable(position)) yield position;
    }
  };
  return takeNext(pool, space, all, ports);
}

/** An empty snapshot: the ADD treats every record as absent, and guards that. */
function notRead(revision: number, connection: number | undefined): Snapshot {
  const over = connection === undefined ? {} : { connection };
  return { revision, ...over, get: () => undefined, windows: [], counts: [] };
}
