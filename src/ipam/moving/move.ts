import { IpamError } from "../errors.ts";
import { copyOnce, type Pass, type Progress } from "./copy.ts";
import { beginMove, openTarget, type Pair, type Step, stopSource, type UnderWay } from "./states.ts";

/** A move that is done. */
export interface Moved {
  readonly move: string;
  /** How many records of each kind both stores held when they were compared last; undefined where the target was open already. */
  readonly records: Pass["records"] | undefined;
  /** Records that were written or removed while the source gave out addresses. */
  readonly before: number;
  /** The same since it was stopped: what had changed meanwhile. */
  readonly after: number;
  /** Milliseconds from when the source was stopped until the target was open, as far as this command took them. */
  readonly stoppedMs: number;
}

/** For people who wait. */
export interface Told extends Progress {
  readonly step: (text: string) => void;
}

/** How often all is copied while the source gives out addresses: what changed in the last pass is left for the stop. */
const LIVE_PASSES = 4;
/** So few are left for the stop: they take less than a second. */
const FEW = 100;
/** How often what changed meanwhile is copied again. */
const PASSES = 8;

/**
 * Moves all address spaces from one store to another: copies while the source gives out addresses, stops it, copies what
 * has changed since, compares, and opens the target. It may be killed at any point and run again.
 *
 * @throws IpamError, StoreFailure; a source that was stopped stays so until it is run again, or taken back.
 */
export async function moveStore(pair: Pair, step: Step, told: Told): Promise<Moved> {
  const underWay = await beginMove(pair, step);
  const { closedAt, isStopped, move } = underWay;
  const nothing = { before: 0, after: 0, stoppedMs: 0 };
  if (closedAt === undefined) return { move, records: undefined, ...nothing };
  const live = isStopped ? undefined : await copyLive(pair, closedAt, step, told);
  const begun = performance.now();
  await stopSource(underWay, pair, step);
  told.step("the source gives out no addresses any more");
  const { records, written } = await copyRest(underWay, pair, step, told, live?.last.target);
  told.step("source and target hold the same records");
  await openTarget(underWay, pair, step);
  told.step("the target is open");
  const stoppedMs = performance.now() - begun;
  return { move, records, before: live?.written ?? 0, after: written, stoppedMs };
}

/** Until little is left to do. */
async function copyLive(
  pair: Pair,
  closedAt: number,
  step: Step,
  told: Told,
): Promise<{ readonly last: Pass; readonly written: number }> {
  told.step("copying; the source goes on to give out addresses");
  let written = 0;
  for (let pass = 1; ; pass++) {
    const last = await copyOnce(pair, closedAt, step, told);
    written += last.written + last.removed;
    if (last.differing <= FEW || pass === LIVE_PASSES) return { last, written };
  }
}

/** @param known what the target holds, so that only the source need be read before what changed is written. */
async function copyRest(
  { closedAt }: UnderWay,
  pair: Pair,
  step: Step,
  told: Told,
  known: Pass["target"] | undefined,
): Promise<Pick<Pass, "records" | "written">> {
  let written = 0;
  for (let pass = 0; pass < PASSES; pass++) {
    // The last look is at both stores as they are.
    const isSure = pass > 0 || known === undefined;
    const last = await copyOnce(pair, closedAt ?? 0, step, told, isSure ? undefined : known);
    written += last.written + last.removed;
    if (isSure && last.differing === 0) return { records: last.records, written };
  }
  throw new IpamError(
    "tryAgain",
    "source and target did not become the same: something goes on to change one of them",
    "run it again; 'kube-ipam store move --abort' takes the move back",
  );
}
