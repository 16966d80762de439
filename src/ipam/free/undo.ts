import type { Ports } from "../ports.ts";
import type { Allocated } from "../requests.ts";
import { free } from "./free.ts";

/**
 * Undoes an ADD whose result could not be delivered: frees exactly what that request wrote (ONLY-MINE),
 * without cooling. Frees nothing for a repeated ADD, whose addresses an earlier ADD has delivered.
 *
 * Never throws: what it cannot undo now stays in the node's journal, and is reclaimed when the
 * namespace is gone.
 *
 * @returns whether the ADD is undone.
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
