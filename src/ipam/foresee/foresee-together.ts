import { pause } from "../pause.ts";
import type { AddRequest } from "../requests.ts";
import { type Attempt, requireStillWanted } from "../view/attempt.ts";
import { type Foreseen, foresee, isSimple, memoryKey } from "./foresee.ts";

/** How often an ADD that waits for another one's read checks that it is still wanted, in milliseconds. */
const CHECK_MS = 500;

/** What ends the read of an ADD that others wait for. */
const ends = new WeakMap<Attempt, () => void>();

/**
 * Foresees, if need be after another ADD of this process has read what this one needs: so pods that start at
 * once cost the store one read. The first of them reads, of those who ask nobody but the store: for a named
 * address Kubernetes may have to tell who its holder is, and it may take as long as an ADD has.
 *
 * @returns what may be committed; undefined where this ADD must read, and others may wait for it (`endReading`).
 * @throws IpamError when the ADD is no longer wanted.
 */
export async function foreseeTogether(attempt: Attempt): Promise<Foreseen | undefined> {
  const { ports, request } = attempt;
  const foreseen = foresee(attempt);
  if (foreseen !== undefined) return foreseen;
  if (!isSimple(request) || attempt.refusal !== undefined) return undefined;
  const key = memoryKey(request);
  const awaited = ports.foresight?.awaited?.(key);
  if (awaited !== undefined) {
    await whileWanted(attempt, awaited);
    return foresee(attempt);
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

/** Waits for another ADD, which may have more time than this one. */
async function whileWanted(attempt: Attempt, awaited: Promise<void>): Promise<void> {
  const { deadline } = attempt.options;
  const ended = new AbortController();
  const end = awaited.then(() => ended.abort());
  while (!ended.signal.aborted && performance.now() < deadline) {
    requireStillWanted(attempt);
    const left = Math.max(0, deadline - performance.now());
    await Promise.race([end, pause(Math.min(CHECK_MS, left), ended.signal)]);
  }
}
