import type { Interval } from "../../address/interval.ts";
import { IpamError } from "../errors.ts";
import { namedTarget } from "../plan/named-target.ts";
import type { OpenTarget } from "../plan/target.ts";
import type { Attempt } from "../view/attempt.ts";
import { readView } from "../view/view.ts";
import { type Choice, chooseNamed } from "./choose-named.ts";
import { goOnAt, type Holding, type Holdings, readHoldings } from "./set-holdings.ts";
import { judgeLocally, withEndingPods } from "./suspects.ts";

/** How many addresses that look as if they could be had are judged by the whole table, for each kind of evidence. */
const MOST_JUDGED = 16;

/**
 * Chooses from a shared set (`kube-ipam.ips`) of which nothing is free: an address that the hand-over table allows
 * to take, wherever it stands in the set, else one whose holder is leaving. The evidence that costs least goes
 * first: what this node sees, then one question for each node, then one for each pod, of which a try asks a bounded
 * number and the next one goes on behind them (BOUNDED).
 *
 * @param besides addresses that the ADD takes for other range sets.
 * @throws IpamError tryAgain naming one holder, when there is neither; StoreFailure.
 */
export async function chooseFromSet(
  attempt: Attempt,
  target: OpenTarget,
  besides: readonly Interval[],
): Promise<Choice> {
  const holdings = await readHoldings(attempt, target, besides);
  const judging = new Judging(attempt, target);
  const { gone, leaving, unheld, open } = judgeLocally(attempt, holdings.seen);
  let unasked: Holding | undefined;
  const evidence: (() => Promise<readonly Holding[]>)[] = [
    async () => [...gone, ...unheld],
    async () => leaving,
    async () => {
      if (judging.leaving !== undefined) return [];
      const look = await withEndingPods(attempt, open);
      unasked = look.unasked;
      return look.leaving;
    },
  ];
  for (const gather of evidence) {
    const candidate = await judging.firstToTake(await gather());
    if (candidate !== undefined) return candidate;
  }
  if (judging.leaving !== undefined) return judging.leaving;
  const next = unasked ?? holdings.unseen;
  if (next !== undefined) goOnAt(attempt, target, next.position);
  throw await allInUse(holdings, judging);
}

/** Judges addresses by the whole table, and remembers the first that is worth a wait, and the first refusal. */
class Judging {
  readonly #attempt: Attempt;
  readonly #target: OpenTarget;
  leaving: Choice | undefined;
  refusal: IpamError | undefined;

  constructor(attempt: Attempt, target: OpenTarget) {
    this.#attempt = attempt;
    this.#target = target;
  }

  async firstToTake(holdings: readonly Holding[]): Promise<Choice | undefined> {
    for (const { address } of holdings.slice(0, MOST_JUDGED)) {
      const wanted = { address, source: "kube-ipam.ips" };
      const named = namedTarget(this.#attempt.request.network, this.#target.set, wanted, this.#target.origin);
      try {
        const choice = await chooseNamed(this.#attempt, await readView(this.#attempt, [named]), named);
        if (choice.kind === "candidate") return choice;
        this.leaving ??= choice;
      } catch (failure) {
        if (!(failure instanceof IpamError)) throw failure;
        this.refusal ??= failure;
      }
    }
    return undefined;
  }
}

async function allInUse({ seen, total, unseen }: Holdings, judging: Judging): Promise<IpamError> {
  const example = seen.find(({ allocation }) => allocation !== undefined) ?? seen[0];
  if (judging.refusal === undefined && example !== undefined) await judging.firstToTake([example]);
  const { refusal } = judging;
  const held = seen.filter(({ allocation }) => allocation !== undefined).length;
  const reserved =
    held < seen.length ? ` (of ${seen.length} looked at, ${held} are held and the others reserved)` : "";
  const further =
    unseen === undefined ? "" : `; this try looked at ${seen.length} of them, the next one goes on behind`;
  return new IpamError(
    "tryAgain",
    `all ${total} addresses of kube-ipam.ips are in use${reserved}`,
    `list more addresses, or run fewer replicas; for example: ${refusal?.message ?? "none is free"}${further}`,
    refusal === undefined ? undefined : { cause: refusal },
  );
}
