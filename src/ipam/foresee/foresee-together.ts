import { networkKey } from "../network.ts";
import type { AddRequest } from "../requests.ts";
import type { Attempt } from "../view/attempt.ts";
import { whileWanted } from "../view/while-wanted.ts";
import { type Foreseen, foresee, isSimple } from "./foresee.ts";

/** What ends the read of an ADD that others wait for. */
const ends = new WeakMap<Attempt, () => void>();

/** For so many looks of others an ADD waits; each has shown something, and nothing that was left for it. */
const MOST_LOOKS = 8;

/**
 * Foresees, if need be after another ADD of this process has read what this one needs: so pods that start at
 * once share one look, and divide what it shows. Where that is not enough for all, the first of those that are left
 * looks for all of them. Only who asks nobody but the store looks for others: for a named address Kubernetes may
 * have to tell who its holder is, and it may take as long as an ADD has.
 *
 * @returns what may be committed; undefined where this ADD must read, and others may wait for it (`endReading`).
 * @throws IpamError when the ADD is no longer wanted.
 */
export async function foreseeTogether(attempt: Attempt): Promise<Foreseen | undefined> {
  const { ports, request } = attempt;
  const key = networkKey(request.network);
  for (let looks = 0; ; looks += 1) {
    const foreseen = foresee(attempt);
    if (foreseen !== undefined) return foreseen;
    if (!isSimple(request) || attempt.refusal !== undefined || looks === MOST_LOOKS) return undefined;
    const reading = ports.foresight?.awaited?.(key);
    if (reading === undefined) break;
    // Where the other one has found nothing for itself, each must be told by a look of its own.
    if (!(await whileWanted(attempt, reading))) return foresee(attempt);
  }
  const end = asksNobody(request) ? ports.foresight?.reading?.(key) : undefined;
  if (end !== undefined) ends.set(attempt, end);
  return undefined;
}

/** Says to those who wait for this ADD's read that they need not wait any longer. */
export function endReading(attempt: Attempt): void {
  ends.get(attempt)?.();
  ends.delete(attempt);
}

/** Any address will do, so that no holder and no owner of one has to be judged first. */
function asksNobody({ wish: { fixed, owner, set } }: AddRequest): boolean {
  return fixed.length === 0 && owner === undefined && set === undefined;
}
