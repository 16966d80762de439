import { furtherGuards } from "../foresee/foresee.ts";
import type { Attempt } from "../view/attempt.ts";
import type { Candidate } from "../view/candidate.ts";
import type { View } from "../view/view.ts";
import type { Superseded } from "./end-former.ts";
import { type Drift, recordNetwork } from "./network-drift.ts";
import { claimShare } from "./quota.ts";
import { superseded } from "./superseded.ts";
import { type Allocating, allocating } from "./transaction.ts";

/** The whole transaction of an ADD, and what is to be told once it has won. */
export interface Prepared extends Allocating {
  readonly drift?: Drift;
  /** What ends with this ADD, for people. */
  readonly told: Superseded["told"];
}

/**
 * The addresses' own writes, and what network, quota and foresight add to the same transaction. Whatever a commit
 * refuses, it refuses here: who explains an ADD goes as far as this.
 *
 * @throws IpamError noFreeAddress where the namespace's share of the pool is used up; storeCannotWrite where a newer
 *   program wrote one of the records; StoreFailure.
 */
export async function prepare(
  attempt: Attempt,
  view: View,
  candidates: readonly Candidate[],
): Promise<Prepared> {
  const { drift, ...network } = recordNetwork(attempt, view);
  const further = [
    network,
    await claimShare(attempt, view, candidates),
    { guards: furtherGuards(attempt, view), puts: [] },
  ];
  const ended = await superseded(attempt, view, candidates);
  const { transaction, ...rest } = allocating(attempt, view, candidates, ended);
  const guards = [...transaction.guards, ...further.flatMap((part) => part.guards)];
  const puts = [...transaction.puts, ...further.flatMap((part) => part.puts)];
  const { told } = ended;
  return { ...rest, told, transaction: { ...transaction, guards, puts }, ...(drift && { drift }) };
}
