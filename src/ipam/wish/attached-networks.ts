import type { Ports } from "../ports.ts";
import type { AttachmentId } from "../records.ts";
import { refTo } from "../ref-to.ts";
import type { KnownNetwork } from "./unclaimed.ts";

/**
 * The networks in which other interfaces of the same container have addresses already. A runtime attaches a
 * pod's interfaces one after the other, so these were judged before.
 *
 * @throws StoreFailure.
 */
export async function attachedNetworks(
  { container, ifname: own }: AttachmentId,
  networks: readonly KnownNetwork[],
  ifnames: readonly string[],
  { node, store }: Pick<Ports, "node" | "store">,
  deadline: number,
): Promise<string[]> {
  const others = ifnames.filter((ifname) => ifname !== own);
  const attachments = networks.flatMap(({ name }) =>
    others.map((ifname) => ({ network: name, container, ifname })),
  );
  if (attachments.length === 0) return [];
  const refs = attachments.map((id) => refTo.attachment(node.name, id));
  const snapshot = await store.read({ refs }, { deadline });
  return refs.filter((ref) => snapshot.get(ref) !== undefined).map(({ id }) => id.network);
}
