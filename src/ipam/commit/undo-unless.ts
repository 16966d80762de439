import { free } from "../free/free.ts";
import { requireNewer } from "../integrity/older-state.ts";
import { verifyByCommit, verifyStore } from "../integrity/one-store.ts";
import type { Won } from "../revision-in.ts";
import { type Attempt, requireStillWanted } from "../view/attempt.ts";
import type { View } from "../view/view.ts";

/**
 * Undoes a commit where a DEL has come meanwhile, or the namespace is gone.
 *
 * @throws IpamError with the reason; StoreFailure.
 */
export function undoUnlessWanted(attempt: Attempt): Promise<void> {
  return undoUnless(attempt, () => requireStillWanted(attempt));
}

/**
 * ONE-STORE for a commit before which nothing was read that tells the store's revision: undoes the commit where its
 * outcome shows an older state of the store than this node knew.
 *
 * @throws IpamError storeCannotWrite.
 */
export function undoUnlessNewer(
  attempt: Attempt,
  { foreseen, remembered, snapshot }: View,
  committed: Won,
): Promise<void> {
  return undoUnless(attempt, () => {
    const { ports, request } = attempt;
    const { space } = request.network;
    if (foreseen === undefined)
      verifyByCommit(snapshot, committed, (shown) => verifyStore(shown, remembered, space, ports));
    else if (remembered) requireNewer(committed, remembered, space, ports);
  });
}

/** Undoes the commit where the requirement throws, and throws the same. */
async function undoUnless(attempt: Attempt, requirement: () => void): Promise<void> {
  try {
    requirement();
  } catch (failure) {
    const { ports, request, requestId, options } = attempt;
    await free({ node: ports.node.name, id: request.attachment, requestId }, 0, ports, options);
    ports.node.journal.remove(request.attachment, requestId);
    throw failure;
  }
}
