import { parseAddress } from "../../address/address.ts";
import { locationOf } from "../journal-entry.ts";
import type { Ports } from "../ports.ts";
import type { AttachmentId } from "../records.ts";
import { refTo } from "../ref-to.ts";
import type { CallOptions } from "../store-port.ts";

/**
 * The journal knows an ADD of the attachment, and the store does not: its process died, or got no answer, and what it
 * sent may be on its way. Makes sure that it does not come after this, when nobody would free it.
 *
 * @param requestId only what this request has sent.
 * @returns whether something was done, so that the store is to be read again.
 * @throws StoreFailure
 */
export async function forestallFormer(
  id: AttachmentId,
  { node, store }: Pick<Ports, "node" | "store">,
  options: CallOptions,
  requestId?: string,
): Promise<boolean> {
  if (store.forestall === undefined) return false;
  const entry = node.journal.read(id);
  // What was sent to another store is its own affair.
  const isElsewhere =
    entry?.storeLocation !== undefined && entry.storeLocation !== locationOf(store.description);
  if (entry === undefined || isElsewhere || (requestId !== undefined && entry.holder.requestId !== requestId))
    return false;
  const refs = entry.addresses.map((text) => refTo.allocation(entry.space, parseAddress(text)));
  await store.forestall(refs, options);
  return true;
}
