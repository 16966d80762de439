import { equalAddresses, formatAddress } from "../../address/address.ts";
import type { Pool } from "../../address/pool.ts";
import type { Ending, Neighbourhood } from "../foresight.ts";
import type { Attempt } from "../view/attempt.ts";
import type { Candidate } from "../view/candidate.ts";
import { moveCursor, stepBack } from "../view/cursor.ts";
import { bestStretch } from "../view/free-seen.ts";
import type { View } from "../view/view.ts";

/** A position that an ADD has taken, and of which nobody was told how that ended. */
interface Taken {
  readonly neighbourhood: Neighbourhood;
  readonly pool: Pool;
  readonly position: bigint;
}

const taken = new WeakMap<Attempt, Taken[]>();

/**
 * Takes a position of a pool that nobody is known to hold from the node's neighbourhood. Where the node is
 * alone there, its cursor follows, so that a later process goes on from there.
 */
export function takeNearby(
  attempt: Attempt,
  pool: Pool,
  usable: (position: bigint) => boolean,
): bigint | undefined {
  const { request, ports } = attempt;
  const { space } = request.network;
  const neighbourhood = ports.foresight?.neighbourhoods?.of(space, pool);
  const position = neighbourhood?.take(usable);
  if (neighbourhood === undefined || position === undefined) return undefined;
  taken.set(attempt, [...(taken.get(attempt) ?? []), { neighbourhood, pool, position }]);
  if (!neighbourhood.contested) moveCursor(pool, space, position, ports);
  return position;
}

/** Gives back what an ADD has taken and not tried to commit: it ends, or begins again with another view. */
export function giveBackNearby(attempt: Attempt): void {
  const all = taken.get(attempt) ?? [];
  taken.delete(attempt);
  for (const { neighbourhood, pool, position } of all.toReversed()) {
    neighbourhood.giveBack(position);
    if (!neighbourhood.contested) stepBack(pool, attempt.request.network.space, position, attempt.ports);
  }
}

/** Whether no other node is expected to take addresses where this ADD has taken them; false of one that was named. */
export function isCalm(attempt: Attempt, candidates: readonly Candidate[]): boolean {
  const all = taken.get(attempt) ?? [];
  return all.length === candidates.length && all.every(({ neighbourhood }) => neighbourhood.calm);
}

/** Whether this process knows, from a look not long ago, that nothing of a pool is free. */
export function isFull({ request, ports }: Attempt, pool: Pool): boolean {
  return ports.foresight?.neighbourhoods?.of(request.network.space, pool).full ?? false;
}

/** Learns what a view that was read shows of the node's place in each pool. */
export function learnNearby({ request, ports }: Attempt, view: View): void {
  const neighbourhoods = ports.foresight?.neighbourhoods;
  if (neighbourhoods === undefined) return;
  const { space } = request.network;
  for (const question of view.questions.pools) {
    const neighbourhood = neighbourhoods.of(space, question.pool);
    const { stretch, free } = bestStretch(view, question);
    neighbourhood.learn(free, view.snapshot.revision);
    // Neighbours take at random: the cursor stays at the stretch.
    if (neighbourhood.contested) moveCursor(question.pool, space, stretch.slice.start - 1n, ports);
  }
}

/** Tells the neighbourhoods how an ADD has ended for the addresses that it took from them. */
export function tellNearby(
  attempt: Attempt,
  view: View,
  candidates: readonly Candidate[],
  ending: Ending,
): void {
  const { request, ports } = attempt;
  if (ending !== "lost") goOnFromFirst(attempt, view, candidates);
  const isTried = ({ pool, position }: Taken) =>
    candidates.some(({ address }) => equalAddresses(address, pool.at(position)));
  const others = taken.get(attempt)?.filter((each) => !isTried(each));
  if (others !== undefined) taken.set(attempt, others);
  const dynamic = candidates
    .filter(({ origin }) => origin === "dynamic")
    .map(({ address }) => formatAddress(address));
  if (dynamic.length > 0) ports.foresight?.neighbourhoods?.ended(request.network.space, dynamic, ending);
}

/**
 * Of all nodes that find a pool unused, the one that has won its first address goes on from there, in order, as a
 * person expects.
 */
function goOnFromFirst(
  { request, ports }: Attempt,
  { questions }: View,
  candidates: readonly Candidate[],
): void {
  if (ports.foresight?.neighbourhoods === undefined) return;
  for (const { isNew, pool } of questions.pools)
    if (isNew && candidates.some(({ address }) => equalAddresses(address, pool.at(0n))))
      moveCursor(pool, request.network.space, 0n, ports);
}
