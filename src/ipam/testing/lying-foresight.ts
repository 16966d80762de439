import type { Pool } from "../../address/pool.ts";
import { WarmForesight } from "../foresee/warm-foresight.ts";
import type { Foresight, Neighbourhood } from "../foresight.ts";

/**
 * Believes of addresses what rumours say of them, in turn: what a node knows of its neighbourhood may be wrong
 * in any way.
 *
 * @param rumours of each position that is asked for, whether it is taken.
 */
export function lyingForesight(rumours: () => boolean): Foresight {
  const warm = new WarmForesight();
  const neighbourhoods = {
    of: (_: string, pool: Pool) => lying(pool, rumours),
    ended: () => undefined,
    freed: () => undefined,
  };
  return {
    ...{ neighbourhoods, records: warm.records },
    recall: (network) => warm.recall(network),
    learn: (network, memory) => warm.learn(network, memory),
    forget: (network) => warm.forget(network),
    awaited: (network) => warm.awaited(network),
    waiting: (network) => warm.waiting(network),
    reading: (network) => warm.reading(network),
    looks: warm.looks,
  };
}

function lying(pool: Pool, rumours: () => boolean): Neighbourhood {
  return {
    contested: rumours(),
    calm: rumours(),
    full: rumours(),
    take: (usable) => {
      for (let position = 0n; position < pool.size; position++)
        if (usable(position) && !rumours()) return position;
      return undefined;
    },
    giveBack: () => undefined,
    learn: () => undefined,
    learnFull: () => undefined,
  };
}
