import { type Address, equalAddresses } from "../../address/address.ts";
import { type Interval, oneAddress } from "../../address/interval.ts";
import { withoutIntervals } from "../../address/pool.ts";
import { namedIn } from "../plan/apportion.ts";
import type { OpenTarget } from "../plan/target.ts";
import type { Attempt } from "../view/attempt.ts";
import { takeNext } from "../view/cursor.ts";
import { type Pick, untouchedPick } from "../view/pick.ts";
import { addressRefs, type Picture, type PoolQuestion, windowAnswers } from "../view/picture.ts";
import { coversPool } from "../view/window.ts";
import { type Contest, contend } from "./contend.ts";
import { contendForSet } from "./contend-for-set.ts";
import { noFreeAddress } from "./exhausted.ts";
import { foreignRanges } from "./foreign-ranges.ts";
import { type FreeSeenOptions, freeSeen } from "./free-seen.ts";
import { searchPool } from "./search.ts";

/**
 * An address for every target, each with the revisions to guard; or whom to wait for, when an
 * address that was asked for by name is about to be given back.
 *
 * @throws IpamError noFreeAddress, addressHeld or tryAgain, naming holder and way out.
 */
export async function chooseAddresses(attempt: Attempt, picture: Picture, round: number): Promise<Contest[]> {
  const contests: Contest[] = [];
  const named = picture.targets.flatMap(namedIn);
  for (const target of picture.targets) {
    const besides = [...named, ...contests.map(contested)];
    if (target.kind === "named") contests.push(await contend(attempt, picture, target));
    else contests.push(await chooseOpen(attempt, picture, target, { besides, round }));
  }
  return contests;
}

function contested(contest: Contest): Interval {
  return oneAddress(contest.kind === "pick" ? contest.pick.address : contest.address);
}

interface Circumstances {
  /** Addresses that this ADD takes for other range sets. */
  readonly besides: readonly Interval[];
  readonly round: number;
}

async function chooseOpen(
  attempt: Attempt,
  picture: Picture,
  target: OpenTarget,
  { besides, round }: Circumstances,
): Promise<Contest> {
  const excluded = [...foreignRanges(attempt, picture), ...besides];
  for (const ignoreCooling of [false, true]) {
    const address = await findFree(attempt, picture, target, { excluded, ignoreCooling, round });
    if (address === undefined) continue;
    return { kind: "pick", pick: await pickOpen(attempt, target, address, ignoreCooling) };
  }
  if (target.origin === "fixed") return contendForSet(attempt, target, besides);
  throw noFreeAddress(attempt, picture, target);
}

interface Manner extends FreeSeenOptions {
  readonly round: number;
}

async function findFree(
  attempt: Attempt,
  picture: Picture,
  target: OpenTarget,
  manner: Manner,
): Promise<Address | undefined> {
  const questions = picture.questions.pools.filter((question) => question.target === target);
  const options = { own: target.own, ignoreCooling: manner.ignoreCooling };
  for (const [index, pool] of target.pools.entries()) {
    const question = questions[index];
    const seen = question && takeSeen(attempt, picture, question, manner);
    if (seen !== undefined) return seen;
    // Where something is excluded, a look does not list all that it saw to be free.
    const looked = manner.excluded.length === 0 && question !== undefined;
    if (looked && coversPool(question.look, windowAnswers(picture, question))) continue;
    const found = await searchPool(attempt, withoutIntervals(pool, manner.excluded), options);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A free address among those that the picture shows; a random one once others were quicker. */
function takeSeen(
  attempt: Attempt,
  picture: Picture,
  question: PoolQuestion,
  manner: Manner,
): Address | undefined {
  const { pool } = question.look;
  const free = () => freeSeen(picture, question, manner);
  const all = manner.round > 1 ? [...free()] : undefined;
  const next = takeNext(pool, attempt.request.network.space, () => all ?? free(), attempt.ports);
  const position = all === undefined ? next : oneOf(all);
  return position === undefined ? undefined : pool.at(position);
}

function oneOf(positions: readonly bigint[]): bigint | undefined {
  return positions[Math.floor(Math.random() * positions.length)];
}

async function pickOpen(
  attempt: Attempt,
  target: OpenTarget,
  address: Address,
  mayBeCooling: boolean,
): Promise<Pick> {
  const untouched = untouchedPick(target, address);
  const owned = target.own.some((own) => equalAddresses(own, address));
  if (!mayBeCooling && !owned) return untouched;
  const [, reservationRef, coolingRef] = addressRefs(attempt.request.network.space, address);
  const snapshot = await attempt.ports.store.read({ refs: [reservationRef, coolingRef] }, attempt.options);
  const reservation = owned ? snapshot.get(reservationRef) : undefined;
  return {
    ...untouched,
    ...(reservation && { reservation }),
    coolingRevision: snapshot.get(coolingRef)?.revision ?? 0,
  };
}
