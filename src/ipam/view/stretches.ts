import type { Pool } from "../../address/pool.ts";
import type { Ports } from "../ports.ts";
import type { Window } from "../store-port.ts";
import { startPosition } from "./cursor.ts";
import { LOOK, type Slice, sliceFrom } from "./slice.ts";

/** A part of a pool that a view asks for, and where the answers of its windows begin. */
export interface Stretch {
  readonly slice: Slice;
  readonly windowIndex: number;
}

/** Where a view looks for free addresses of a pool. */
export interface Stretches {
  readonly pool: Pool;
  /** The node's own; in a larger pool that others share, also some anywhere else. They never overlap. */
  readonly stretches: readonly Stretch[];
  /** This node has taken nothing here yet. */
  readonly isNew: boolean;
  /** The first positions of a larger pool that is new to this node. */
  readonly beginning?: Stretch;
}

/** How many positions each of two stretches has. */
export const STRETCH = LOOK / 2n;

/**
 * The stretches of a pool that one look asks for. Nodes that share a pool crowd some parts of it and leave
 * others empty. Whoever sees two stretches and takes from the emptier one spreads them: so near a full pool
 * an ADD loses half as many races, and hardly ever has to search (`bench/thousand-nodes.ts`).
 *
 * @param windows receives the windows to read.
 * @param others how many other stretches to look at, at most: each costs three parts of a query.
 */
export function stretchesIn(
  pool: Pool,
  space: string,
  ports: Ports,
  { windows, others }: { readonly windows: Window[]; readonly others: number },
): Stretches {
  const ask = (slice: Slice): Stretch => {
    const windowIndex = windows.length;
    windows.push(...slice.windows);
    return { slice, windowIndex };
  };
  const { position, known } = startPosition(pool, space, ports);
  const isNew = !known;
  const { shared } = ports.store.description;
  if (!shared || others === 0 || pool.size <= LOOK)
    return { pool, isNew, stretches: [ask(sliceFrom(pool, position, space))] };
  const own = ask(sliceFrom(pool, position, space, STRETCH));
  const elsewhere = starts(pool, position, others, ports.random).map((start) =>
    ask(sliceFrom(pool, start, space, STRETCH)),
  );
  const beginning = isNew ? { beginning: ask(sliceFrom(pool, 0n, space, STRETCH)) } : {};
  return { pool, isNew, stretches: [own, ...elsewhere], ...beginning };
}

/**
 * Any positions from where stretches touch neither each other nor the one at `own`: one in each of as many equal
 * shares of the rest. @param random in [0, 1).
 */
function starts({ size }: Pool, own: bigint, count: number, random: () => number): bigint[] {
  const rest = size - STRETCH;
  const shares = BigInt(count) * STRETCH > rest ? rest / STRETCH : BigInt(count);
  const share = rest / shares;
  return Array.from({ length: Number(shares) }, (_, index) => {
    const before = share * BigInt(index);
    const choices = (index === Number(shares) - 1 ? rest - before : share) - STRETCH + 1n;
    const within = (BigInt(Math.floor(random() * 2 ** 48)) * choices) >> 48n;
    return (own + STRETCH + before + within) % size;
  });
}
