import { formatAddress } from "../../address/address.ts";
import type { Pool } from "../../address/pool.ts";
import type { Ending } from "../foresight.ts";
import type { Target } from "../plan/target.ts";
import type { Attempt } from "../view/attempt.ts";
import type { Candidate } from "../view/candidate.ts";
import { moveCursor } from "../view/cursor.ts";
import { bestStretch } from "../view/free-seen.ts";
import type { View } from "../view/view.ts";

/**
 * Takes a position of a pool that nobody is known to hold from the node's neighbourhood. Where the node is
 * alone there, its cursor follows, so that a later process goes on from there.
 */
export function takeNearby(
  { request, ports }: Attempt,
  pool: Pool,
  usable: (position: bigint) => boolean,
): bigint | undefined {
  const { space } = request.network;
  const neighbourhood = ports.foresight?.neighbourhoods?.of(space, pool);
  const position = neighbourhood?.take(usable);
  if (position !== undefined && neighbourhood?.contested === false) moveCursor(pool, space, position, ports);
  return position;
}

/** Whether no other node is expected to take addresses where this one does. */
export function isCalm({ request, ports }: Attempt, target: Target): boolean {
  const neighbourhoods = ports.foresight?.neighbourhoods;
  const [pool] = target.kind === "open" ? target.pools : [];
  return (
    neighbourhoods !== undefined && pool !== undefined && neighbourhoods.of(request.network.space, pool).calm
  );
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
  { request, ports }: Attempt,
  candidates: readonly Candidate[],
  ending: Ending,
): void {
  const taken = candidates
    .filter(({ origin }) => origin === "dynamic")
    .map(({ address }) => formatAddress(address));
  if (taken.length > 0) ports.foresight?.neighbourhoods?.ended(request.network.space, taken, ending);
}
