import { IpamError } from "../errors.ts";
import { copyOnce, isSame, type Pass } from "./copy.ts";
import { beginMove, openTarget, type Pair, type Step } from "./states.ts";

/** A move that is done. */
export interface Moved {
  readonly move: string;
  /** What both stores held when they were compared last; undefined where the target was open already. */
  readonly last: Pass | undefined;
  readonly written: number;
}

/** How often what changed meanwhile is copied again. */
const PASSES = 8;

/**
 * Moves all address spaces from one store to another: stops the source, copies, compares, and opens the target. It may be
 * killed at any point and run again.
 *
 * @param told of each step, for people.
 * @throws IpamError, StoreFailure; the source stays stopped until it is run again, or taken back.
 */
export async function moveStore(
  pair: Pair,
  step: Step,
  told: { readonly step: (text: string) => void; readonly compared: (records: number) => void },
): Promise<Moved> {
  const underWay = await beginMove(pair, step);
  const { closedAt, move } = underWay;
  if (closedAt === undefined) return { move, last: undefined, written: 0 };
  told.step("the source gives out no addresses any more");
  let written = 0;
  for (let pass = 0; pass < PASSES; pass++) {
    const last = await copyOnce(pair, closedAt, step, told.compared);
    written += last.written + last.removed;
    if (!isSame(last)) continue;
    told.step("source and target hold the same records");
    await openTarget(underWay, pair, step);
    told.step("the target is open");
    return { move, last, written };
  }
  throw new IpamError(
    "tryAgain",
    "source and target did not become the same: something goes on to change one of them",
    "run it again; 'kube-ipam store move --abort' takes the move back",
  );
}
