import type { Ports } from "../ports.ts";
import type { Holder } from "../records.ts";
import { refTo } from "../ref-to.ts";
import type { CallOptions } from "../store-port.ts";

/**
 * Whether somebody else freed what this holder of this node had, and left a notice of it. The node then
 * forgets the holding, and the notice goes. The caller has the attachment's lock.
 *
 * @throws StoreFailure.
 */
export async function takeNotice(
  { attachment: id, node, requestId }: Holder,
  ports: Ports,
  options: CallOptions,
): Promise<boolean> {
  const ref = refTo.released(node, id);
  const notice = (await ports.store.read({ refs: [ref] }, options)).get(ref);
  if (notice?.record.requestId !== requestId) return false;
  ports.node.journal.remove(id, requestId);
  await ports.store.commit(
    { guards: [{ ref, revision: notice.revision }], puts: [], deletes: [ref] },
    options,
  );
  return true;
}
