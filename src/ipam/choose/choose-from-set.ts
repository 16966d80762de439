import { type Interval, isWithin } from "../../address/interval.ts";
import { IpamError } from "../errors.ts";
import { namedTarget } from "../plan/named-target.ts";
import type { OpenTarget } from "../plan/target.ts";
import type { Attempt } from "../view/attempt.ts";
import { readView } from "../view/view.ts";
import { type Choice, chooseNamed } from "./choose-named.ts";

/** How many addresses of a large set are judged per try. */
const MOST_JUDGED = 16n;

/**
 * Chooses from a shared set (`kube-ipam.ips`) whose addresses all have holders: one that the hand-over
 * table allows to take, else one whose holder is leaving.
 *
 * @param besides addresses that the ADD takes for other range sets.
 * @throws IpamError tryAgain naming one holder, when there is neither.
 */
export async function chooseFromSet(
  attempt: Attempt,
  target: OpenTarget,
  besides: readonly Interval[],
): Promise<Choice> {
  const [pool] = target.pools;
  if (pool === undefined) throw new Error("a set has at least one address");
  let leaving: Choice | undefined;
  let refusal: IpamError | undefined;
  for (let position = 0n; position < pool.size && position < MOST_JUDGED; position++) {
    if (isWithin(pool.at(position), besides)) continue;
    const wanted = { address: pool.at(position), source: "kube-ipam.ips" };
    const named = namedTarget(attempt.request.network, target.set, wanted, target.origin);
    try {
      const choice = await chooseNamed(attempt, await readView(attempt, [named]), named);
      if (choice.kind === "candidate") return choice;
      leaving ??= choice;
    } catch (failure) {
      if (!(failure instanceof IpamError)) throw failure;
      refusal ??= failure;
    }
  }
  if (leaving !== undefined) return leaving;
  throw new IpamError(
    "tryAgain",
    `all ${pool.size} addresses of kube-ipam.ips are in use`,
    `list more addresses, or run fewer replicas; for example: ${refusal?.message ?? "none is free"}`,
    { cause: refusal },
  );
}
