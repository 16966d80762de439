import type { Pool } from "../../address/pool.ts";
import { poolKey } from "../../address/pool-key.ts";
import { networkKey } from "../network.ts";
import type { Attempt } from "../view/attempt.ts";
import type { FreeOptions } from "../view/slice.ts";
import type { View } from "../view/view.ts";
import { whileWanted } from "../view/while-wanted.ts";
import { type Searched, searchPool } from "./search.ts";

/**
 * As `searchPool`, shared with the other ADDs of this process: the search has begun after this ADD has asked for its
 * view. What it finds is for those who search now, and for those who wait for them; that nothing is free is told to
 * each who had begun before it.
 *
 * @throws IpamError when the ADD is no longer wanted; StoreFailure.
 */
export function searchTogether(
  attempt: Attempt,
  view: View,
  pool: Pool,
  options: FreeOptions,
): Promise<Searched> {
  const { foresight } = attempt.ports;
  const { network } = attempt.request;
  const search = () => {
    const wanted = 1 + (foresight?.waiting?.(networkKey(network)) ?? 0);
    return searchPool(attempt, pool, { ...options, wanted });
  };
  // What is reserved for one owner is free for nobody else.
  if (foresight?.looks === undefined || options.own.length > 0) return search();
  const kind = options.ignoreCooling ? "cooling too" : "rested";
  return foresight.looks.share(`search ${network.space} ${poolKey(pool)} ${kind}`, search, {
    since: view.questions.since,
    lasts: ({ positions }) => positions.length === 0,
    wait: async (ended) => void (await whileWanted(attempt, ended)),
  });
}
