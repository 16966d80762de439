import { bitsOf, parseAddress } from "../../address/address.ts";
import { type Cidr, parseCidr } from "../../address/cidr.ts";
import type { Interval } from "../../address/interval.ts";
import { widestSubnet } from "../../address/range.ts";
import { remembered } from "../../address/remembered.ts";
import { definitionsOf, subnetsOf } from "../network-definitions.ts";
import type { Ports } from "../ports.ts";
import type { AttachmentId, AttachmentRecord, NetworkRecord } from "../records.ts";
import { refTo } from "../ref-to.ts";
import { type AttachedInterface, FIRST, type PodNetworks } from "./pod-networks.ts";
import { holdsAll, type KnownNetwork, type Unclaimed } from "./unclaimed.ts";

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
  const attached = (id: AttachmentId, { addresses, space }: Given): AttachedInterface => ({
    ...id,
    subnets: subnetsGiven(known.get(id.network)?.record, space, addresses),
  });
  const journalled = node.journal
    .list()
    .filter(({ holder: { attachment: id } }) => id.container === container && id.ifname !== own)
    .map((entry) => attached(entry.holder.attachment, entry));
  const scopes = wishes.flatMap(({ scope }) => scope ?? []);
  const networks = [...known.values()].filter((network) =>
    wishes.some(({ asks, scope }) =>
      scope === undefined ? mayHold(network, asks) : scope === network.name || !known.has(scope),
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
  const recorded = refs.flatMap((ref) => {
    const found = snapshot.get(ref);
    return found === undefined ? [] : [attached(ref.id, found.record)];
  });
  return [...journalled, ...recorded];
}

/** What an interface was given, as journal or store say. */
type Given = Pick<AttachmentRecord, "space" | "addresses">;

/** By any of its definitions: the interface may have got its addresses by one that is no longer in force. */
function mayHold({ record, subnets }: KnownNetwork, asks: readonly Interval[]): boolean {
  return holdsAll({ subnets: record === undefined ? subnets : allSubnets(record) }, asks);
}

const allSubnets = remembered((record: NetworkRecord) => subnetsOf(definitionsOf(record)).map(parseCidr));

/**
 * The subnets of those definitions of a network that may have given these addresses, else the addresses alone: a
 * definition that only shares the name fulfils no wish (FAIL-CLOSED).
 */
function subnetsGiven(
  network: NetworkRecord | undefined,
  space: string,
  addresses: readonly string[],
): readonly Cidr[] {
  const definitions = network === undefined ? [] : definitionsOf(network);
  const given = addresses.map(parseAddress);
  const fitting = definitions
    .filter((definition) => definition.space === space)
    .map(({ subnets }) => subnets.map(parseCidr))
    .filter((subnets) => given.every((address) => widestSubnet(subnets, address) !== undefined));
  const alone = given.map((address) => ({ address, prefix: bitsOf(address.family) }));
  return fitting.length === 0 ? alone : fitting.flat();
}
