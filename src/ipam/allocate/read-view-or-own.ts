import { IpamError } from "../errors.ts";
import { planTargets } from "../plan/plan.ts";
import type { Target } from "../plan/target.ts";
import type { Attempt } from "../view/attempt.ts";
import { ownerRef, readView, type View } from "../view/view.ts";

/**
 * Reads the view that the ADD needs to decide. An attachment that has its addresses already keeps them,
 * even where the wish is not allowed any more (its range has shrunk, moved or is excluded) or cannot be
 * read: the view then has no targets, only the attachment's own record.
 *
 * @throws IpamError with the reason, where the attachment has no addresses yet; StoreFailure.
 */
export async function readViewOrOwn(attempt: Attempt): Promise<View> {
  try {
    if (attempt.refusal !== undefined) throw attempt.refusal;
    return await readView(attempt, await plan(attempt));
  } catch (failure) {
    const notAllowed = failure instanceof IpamError && failure.name === "addressNotAllowed";
    if (failure !== attempt.refusal && !notAllowed) throw failure;
    const view = await readView(attempt, []);
    if (view.own === undefined) throw failure;
    return view;
  }
}

/** Plans the targets. Reads the owner's record first where the wish depends on it. */
async function plan(attempt: Attempt): Promise<Target[]> {
  const { request, ports, options } = attempt;
  const ref = ownerRef(attempt);
  if (ref === undefined || !(request.wish.sticky || request.wish.set !== undefined))
    return planTargets(request);
  const snapshot = await ports.store.read({ refs: [ref] }, options);
  return planTargets(request, snapshot.get(ref)?.record);
}
