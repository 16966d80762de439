import type { Ports } from "../ports.ts";
import type { Allocated } from "../requests.ts";
import { free } from "./free.ts";

/**
 * Takes back an ADD whose result could not be delivered: frees exactly what that very request
 * wrote (ONLY-MINE), without cooling. A repeated ADD wrote nothing that an earlier one had not
 * already delivered, so nothing is freed for it.
 *
 * Never throws: what cannot be undone now stays in the node's journal and is reclaimed when the
 * namespace is gone.
 *
 * @returns whether it is undone.
 */
export async function undo(allocated: Allocated, ports: Ports, deadline: number): Promise<boolean> {
  if (allocated.repeated) return false;
  try {
    const target = { node: ports.node.name, id: allocated.attachment, requestId: allocated.requestId };
    await free(target, 0, ports, { deadline });
    ports.node.journal.remove(allocated.attachment, allocated.requestId);
    return true;
  } catch (failure) {
    ports.log("warn", "could not undo yet an ADD whose result was not delivered", {
      reason: String(failure),
    });
    return false;
  }
}
