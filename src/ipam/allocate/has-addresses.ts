import type { Ports } from "../ports.ts";
import type { AttachmentId } from "../records.ts";
import { refTo } from "../ref-to.ts";
import { StoreFailure } from "../store-port.ts";

/** Whether the store has a record of this node's attachment. False where the store cannot be read. */
export async function hasAddresses(
  id: AttachmentId,
  { node, store }: Pick<Ports, "node" | "store">,
  deadline: number,
): Promise<boolean> {
  // A node that got another name since the first ADD.
  const name = node.journal.read(id)?.holder.node ?? node.name;
  const ref = refTo.attachment(name, id);
  try {
    return (await store.read({ refs: [ref] }, { deadline })).get(ref) !== undefined;
  } catch (failure) {
    if (failure instanceof StoreFailure) return false;
    throw failure;
  }
}
