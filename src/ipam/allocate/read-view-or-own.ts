import { IpamError } from "../errors.ts";
import { planTargets } from "../plan/plan.ts";
import type { Target } from "../plan/target.ts";
import type { Attempt } from "../view/attempt.ts";
import { ownerRef, readView, type View } from "../view/view.ts";

/**
 * Reads what the ADD needs to decide. What is not allowed (any more), or cannot be read, takes nothing
 * away from an attachment that has its addresses already: a range in use may shrink, move or be
 * excluded; Kubernetes may be silent. Then the view shows only what the attachment has.
 *
 * @throws IpamError why nothing may be given, where the attachment has nothing yet; StoreFailure.
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

/** The owner's record is needed first only where the wish depends on it. */
async function plan(attempt: Attempt): Promise<Target[]> {
  const { request, ports, options } = attempt;
  const ref = ownerRef(attempt);
  if (ref === undefined || !(request.wish.sticky || request.wish.set !== undefined))
    return planTargets(request);
  const snapshot = await ports.store.read({ refs: [ref] }, options);
  return planTargets(request, snapshot.get(ref)?.record);
}
