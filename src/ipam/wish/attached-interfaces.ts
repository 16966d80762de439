import type { Ports } from "../ports.ts";
import type { AttachmentId } from "../records.ts";
import { refTo } from "../ref-to.ts";
import { type AttachedInterface, FIRST, type PodNetworks } from "./pod-networks.ts";
import { holdsAll, type Unclaimed } from "./unclaimed.ts";

/** So many attachments are asked for: one request of a store holds little more. */
const MOST_ASKED = 96;

/**
 * The other interfaces of the same container that have addresses already, as far as the wishes may mean
 * them. A runtime attaches a pod's interfaces one after the other, so these were judged before. The node's
 * journal knows them in whichever store they are; the store also knows what the journal has lost.
 *
 * @throws StoreFailure.
 */
export async function attachedInterfaces(
  { container, ifname: own }: AttachmentId,
  wishes: readonly Unclaimed[],
  { further, known }: Pick<PodNetworks, "further" | "known">,
  { node, store }: Pick<Ports, "node" | "store">,
  deadline: number,
): Promise<AttachedInterface[]> {
  const journalled = node.journal
    .list()
    .map(({ holder }) => holder.attachment)
    .filter((id) => id.container === container && id.ifname !== own);
  const scopes = wishes.flatMap(({ scope }) => scope ?? []);
  const networks = [...known.values()].filter((network) =>
    wishes.some(({ asks, scope }) =>
      scope === undefined ? holdsAll(network, asks) : scope === network.name || !known.has(scope),
    ),
  );
  const ifnames = new Set([FIRST, ...scopes, ...further.map(({ ifname }) => ifname)]);
  const asked = networks
    .flatMap(({ name }) => [...ifnames].map((ifname) => ({ network: name, container, ifname })))
    .filter(({ ifname }) => ifname !== own)
    .slice(0, MOST_ASKED);
  const refs = asked.map((id) => refTo.attachment(node.name, id));
  if (refs.length === 0) return journalled;
  const snapshot = await store.read({ refs }, { deadline });
  return [...journalled, ...refs.filter((ref) => snapshot.get(ref) !== undefined).map(({ id }) => id)];
}
