import { free } from "../free/free.ts";
import { requireNewer } from "../integrity/one-store.ts";
import { type Attempt, requireStillWanted } from "../view/attempt.ts";
import type { View } from "../view/view.ts";

/** Takes back what was committed where a DEL came meanwhile, or the namespace has gone. @throws IpamError why. */
export function undoUnlessWanted(attempt: Attempt): Promise<void> {
  return undoUnless(attempt, () => requireStillWanted(attempt));
}

/**
 * ONE-STORE for a commit without a read before it: takes it back where its revision shows an older
 * state of the store than this node knew.
 *
 * @throws IpamError storeCannotWrite.
 */
export function undoUnlessNewer(attempt: Attempt, { remembered }: View, revision: number): Promise<void> {
  return undoUnless(attempt, () => {
    const { ports, request } = attempt;
    if (remembered) requireNewer(revision, remembered, request.network.space, ports);
  });
}

/** Takes back what was just committed where the requirement throws, and throws that. */
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
