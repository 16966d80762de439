import { type Address, equalAddresses } from "../../address/address.ts";
import { type Interval, isWithin, oneAddress } from "../../address/interval.ts";
import { type Pool, withoutIntervals } from "../../address/pool.ts";
import { takeNearby } from "../foresee/nearby.ts";
import { namedIn } from "../plan/elsewhere.ts";
import type { OpenTarget, Target } from "../plan/target.ts";
import { refsAround } from "../ref-to.ts";
import type { WindowAnswer } from "../store-port.ts";
import type { Attempt } from "../view/attempt.ts";
import { type Candidate, untouchedCandidate } from "../view/candidate.ts";
import { moveCursor, takeNext } from "../view/cursor.ts";
import { type FreeSeenOptions, freeSeen, isUntouchedPool, showsAll } from "../view/free-seen.ts";
import type { PoolQuestion, View } from "../view/view.ts";
import { chooseFromSet } from "./choose-from-set.ts";
import { type Choice, chooseNamed } from "./choose-named.ts";
import { foreignRanges, isOperatorsForOther } from "./foreign-ranges.ts";
import { noFreeAddress } from "./no-free-address.ts";
import { oneOf } from "./one-of.ts";
import type { Found } from "./search.ts";
import { searchTogether } from "./search-together.ts";

/**
 * Chooses an address for every target, each with the revisions to guard; or the holder to wait for,
 * where the DEL of a named address's holder is due.
 *
 * @param number which try of the ADD this is: from the second on, it chooses at random.
 * @throws IpamError noFreeAddress, addressHeld or tryAgain. It names the holder and what to do.
 */
export async function chooseAddresses(attempt: Attempt, view: View, number: number): Promise<Choice[]> {
  const choices: Choice[] = [];
  const named = view.targets.flatMap(namedIn);
  for (const target of view.targets) {
    const besides = [...named, ...choices.map(addressOf)];
    const wanted = stillGiven(attempt, view, target);
    if (wanted.kind === "named") choices.push(await chooseNamed(attempt, view, wanted));
    else choices.push(await chooseOpen(attempt, view, wanted, { besides, number }));
  }
  return choices;
}

/** What a workload had before goes before any other address, unless an operator has reserved it for somebody else. */
function stillGiven(attempt: Attempt, view: View, target: Target): Target {
  const { otherwise } = target.kind === "named" ? target : {};
  if (target.kind === "open" || otherwise === undefined) return target;
  return isOperatorsForOther(attempt, view, target.address) ? otherwise : target;
}

function addressOf(choice: Choice): Interval {
  return oneAddress(choice.kind === "candidate" ? choice.candidate.address : choice.address);
}

interface ChooseOptions {
  /** Addresses that this ADD takes for other range sets. */
  readonly besides: readonly Interval[];
  readonly number: number;
}

async function chooseOpen(
  attempt: Attempt,
  view: View,
  target: OpenTarget,
  { besides, number }: ChooseOptions,
): Promise<Choice> {
  const excluded = [...foreignRanges(attempt, view), ...besides];
  const full = new Set<Pool>();
  for (const ignoreCooling of [false, true]) {
    const free = await findFree(attempt, view, target, { excluded, ignoreCooling, number, full });
    if (free !== undefined)
      return { kind: "candidate", candidate: await openCandidate(attempt, target, free) };
  }
  if (target.origin === "fixed") return chooseFromSet(attempt, target, besides);
  throw noFreeAddress(attempt, view, target);
}

interface FindOptions extends FreeSeenOptions {
  readonly number: number;
  /** Pools where a search of this try has found nothing that is free, nor anything that cools down. */
  readonly full: Set<Pool>;
}

/** A free address, and the look that shows it. */
interface Free {
  readonly address: Address;
  readonly windows: readonly WindowAnswer[];
}

async function findFree(
  attempt: Attempt,
  view: View,
  target: OpenTarget,
  options: FindOptions,
): Promise<Free | undefined> {
  const questions = view.questions.pools.filter((question) => question.target === target);
  const { excluded, ignoreCooling } = options;
  for (const [index, pool] of target.pools.entries()) {
    if (options.full.has(pool)) continue;
    const question = questions[index];
    const inView = question && takeSeen(attempt, view, question, options);
    if (inView !== undefined) return { address: inView, windows: view.snapshot.windows };
    // Where something is excluded, a slice does not list all that is free in it.
    const listsAll = excluded.length === 0 && question !== undefined;
    if (listsAll && showsAll(view, question)) {
      learnFull(attempt, target, pool, options);
      continue;
    }
    // An earlier try has searched: what cools down in view is as good as anything that others leave.
    if (options.number > 1 && !ignoreCooling && question && showsCooling(view, question, excluded)) continue;
    const searched = withoutIntervals(pool, excluded);
    const found = await searchTogether(attempt, view, searched, { own: target.own, ignoreCooling });
    if (found.positions.length === 0) {
      if (!found.cooling) options.full.add(pool);
      learnFull(attempt, target, pool, options);
      continue;
    }
    const positions = found.positions.flatMap((position) => pool.positionOf(searched.at(position)) ?? []);
    const address = takeFound(attempt, target, pool, { ...found, positions }, options);
    if (address !== undefined) return { address, windows: found.windows };
  }
  return undefined;
}

function showsCooling(view: View, question: PoolQuestion, excluded: readonly Interval[]): boolean {
  const [first] = freeSeen(view, question, { ignoreCooling: true, excluded });
  return first !== undefined;
}

/** A free address that the view shows; a random one after another ADD was quicker. */
function takeSeen(
  attempt: Attempt,
  view: View,
  question: PoolQuestion,
  options: FindOptions,
): Address | undefined {
  const position = positionSeen(attempt, view, question, options);
  return position === undefined ? undefined : question.pool.at(position);
}

function positionSeen(
  attempt: Attempt,
  view: View,
  question: PoolQuestion,
  options: FindOptions,
): bigint | undefined {
  const { pool, target } = question;
  const { request, ports } = attempt;
  const usable = usableIn(pool, options);
  const { neighbourhoods } = ports.foresight ?? {};
  const isFirst = isUntouchedPool(view, question) && usable(0n);
  if (isFirst && neighbourhoods === undefined)
    return takeNext(pool, request.network.space, () => [0n], ports);
  // The first pod of a network has the first address. Only who wins it goes on from there: all may find it unused.
  if (isFirst && question.beginning !== undefined && view.network === undefined) return 0n;
  // What is free for anybody was learnt from this view, without what other ADDs of this process take now.
  const nearby =
    neighbourhoods && forAnybody(target, options) ? takeNearby(attempt, pool, usable) : undefined;
  if (nearby !== undefined) return nearby;
  const free = () => freeSeen(view, question, options);
  const all = options.number > 1 ? [...free()] : undefined;
  const next = takeNext(pool, request.network.space, () => all ?? free(), ports);
  return all === undefined ? next : oneOf(all, ports.random);
}

/** Whether what counts as free for this asker is so for every other one. */
function forAnybody({ own }: OpenTarget, { ignoreCooling }: FreeSeenOptions): boolean {
  return own.length === 0 && !ignoreCooling;
}

/** One of the addresses that a search has found. Where anybody might take them, the node goes on from there. */
function takeFound(
  attempt: Attempt,
  target: OpenTarget,
  pool: Pool,
  { positions, revision }: Found,
  options: FindOptions,
): Address | undefined {
  const { request, ports } = attempt;
  const { neighbourhoods } = forAnybody(target, options) ? (ports.foresight ?? {}) : {};
  neighbourhoods?.of(request.network.space, pool).learn(positions, revision);
  // What the node gave back itself may come first, and was not searched for.
  const usable = usableIn(pool, options);
  const nearby = neighbourhoods && takeNearby(attempt, pool, usable);
  const position = nearby ?? oneOf(positions, ports.random);
  if (position === undefined) return undefined;
  if (neighbourhoods !== undefined) moveCursor(pool, request.network.space, position - 1n, ports);
  return pool.at(position);
}

/** Tells the ADDs to come that a look at all of the pool has found nothing for anybody. */
function learnFull({ ports, request }: Attempt, target: OpenTarget, pool: Pool, options: FindOptions): void {
  if (forAnybody(target, options))
    ports.foresight?.neighbourhoods?.of(request.network.space, pool).learnFull();
}

/** Which positions the asker may take, whatever is known of who holds them. */
function usableIn(pool: Pool, { excluded }: FreeSeenOptions): (position: bigint) => boolean {
  return (position) => !isWithin(pool.at(position), excluded);
}

async function openCandidate(
  attempt: Attempt,
  target: OpenTarget,
  { address, windows }: Free,
): Promise<Candidate> {
  const untouched = untouchedCandidate(target, address);
  const rests = windows.flatMap(({ cooling }) => cooling).find((each) => equalAddresses(each, address));
  const candidate = { ...untouched, coolingRevision: rests?.revision ?? 0 };
  if (!target.own.some((own) => equalAddresses(own, address))) return candidate;
  const [, ref] = refsAround(attempt.request.network.space, address);
  const reservation = (await attempt.ports.store.read({ refs: [ref] }, attempt.options)).get(ref);
  return { ...candidate, ...(reservation && { reservation }) };
}
