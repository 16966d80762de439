import { IpamError } from "../errors.ts";
import type { Attempt } from "../view/attempt.ts";
import { readView, type View } from "../view/view.ts";
import { plannedTargets } from "./planned-targets.ts";

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
    const { targets, plannedOn } = await plannedTargets(attempt);
    return await readView(attempt, targets, plannedOn);
  } catch (failure) {
    const notAllowed = failure instanceof IpamError && failure.name === "addressNotAllowed";
    if (failure !== attempt.refusal && !notAllowed) throw failure;
    const view = await readView(attempt, []);
    if (view.own === undefined) throw failure;
    return view;
  }
}
