import { formatAddress } from "../../address/address.ts";
import { IpamError } from "../errors.ts";
import { type OwnerRecord, SHARE_KIND } from "../records.ts";
import { claimShare as claim, type Share, type ShareClaim } from "../reserve/share.ts";
import { revisionIn } from "../revision-in.ts";
import type { Outcome, Transaction, Versioned } from "../store-port.ts";
import type { Attempt } from "../view/attempt.ts";
import type { Candidate } from "../view/candidate.ts";
import type { View } from "../view/view.ts";

const NONE: ShareClaim = { guards: [], puts: [] };

/**
 * Counts the chosen addresses against the namespace's share of the pool (`maxPerNamespace`), in the
 * ADD's own transaction. That the share is used is told to each ADD of this process that had begun before it was
 * counted, so that many who are refused at once count it once.
 *
 * @returns the guards and writes for the ADD's transaction; none without a quota.
 * @throws IpamError noFreeAddress naming the pool and its limit; StoreFailure.
 */
export async function claimShare(
  attempt: Attempt,
  { questions, snapshot }: View,
  candidates: readonly Candidate[],
): Promise<ShareClaim> {
  const { ports, options } = attempt;
  const share = shareOf(attempt);
  if (share === undefined) return NONE;
  const wanted = candidates.map(({ address }) => formatAddress(address));
  // What the namespace may have already does not count again.
  const areNew = candidates.every(({ allocation, reservation }) => !allocation && !reservation);
  const looks = areNew ? ports.foresight?.looks : undefined;
  const key = `${keyOf(share)} ${wanted.length} of ${share.most}`;
  const refusal = looks?.recall<IpamError>(key, questions.since);
  if (refusal !== undefined) throw refusal;
  const begun = looks?.moment() ?? 0;
  const written = ports.foresight?.looks?.recall<Written>(writtenOf(share), questions.since);
  const known = written?.connection === snapshot.connection ? written?.record : undefined;
  try {
    return await claim(share, wanted, ports, options, known);
  } catch (failure) {
    if (failure instanceof IpamError && failure.name === "noFreeAddress") looks?.keep(key, begun, failure);
    throw failure;
  }
}

/** The record of a share as an ADD of this process has written it, over this connection. */
interface Written {
  readonly record: Versioned<OwnerRecord>;
  readonly connection: number | undefined;
}

/**
 * Hands the record of the share on to those who wait for their turn: what was written after they had asked for their
 * view, over the same connection, is guarded without a read. After a lost race they read it.
 */
export function handOnShare(
  attempt: Attempt,
  { snapshot }: View,
  { puts }: Transaction,
  outcome: Outcome,
): void {
  const { looks } = attempt.ports.foresight ?? {};
  const share = shareOf(attempt);
  if (looks === undefined || share === undefined) return;
  looks.drop(writtenOf(share));
  for (const { ref, record: written } of puts) {
    if (!outcome.won || ref.kind !== "owner" || ref.owner.kind !== SHARE_KIND) continue;
    const record = { record: written as OwnerRecord, revision: revisionIn(outcome, ref) };
    // Where the store does not tell, the next one reads.
    if (record.revision === 0) continue;
    const { connection } = snapshot;
    looks.keep(writtenOf(share), looks.moment(), { record, connection } satisfies Written);
  }
}

/** ADDs of one namespace and one pool all change the record of its share: within one process, they go one after the other. */
export function inTurnOfShare<T>(attempt: Attempt, work: () => Promise<T>): Promise<T> {
  const { turns } = attempt.ports;
  const share = shareOf(attempt);
  return share === undefined || turns === undefined ? work() : turns.take(keyOf(share), work);
}

function shareOf({ request }: Attempt): (Share & { readonly pool: string }) | undefined {
  const { policy, space } = request.network;
  if (policy?.maxPerNamespace === undefined) return undefined;
  const namespace = request.pod?.namespace ?? "";
  return { space, namespace, pool: policy.pool, most: policy.maxPerNamespace };
}

function writtenOf(share: Share): string {
  return `written ${keyOf(share)}`;
}

/** No workload's turn is called so. */
function keyOf({ space, namespace, pool }: Share): string {
  return `share of ${namespace} ${JSON.stringify([space, pool])}`;
}
