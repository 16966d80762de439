import { tryParseAddress } from "../../address/address.ts";
import { tryParseCidr } from "../../address/cidr.ts";
import type { PodFacts } from "../../ipam/cluster-port.ts";
import { IpamError } from "../../ipam/errors.ts";
import { type Explanation, explain } from "../../ipam/explain/explain.ts";
import type { Ports } from "../../ipam/ports.ts";
import { fillSets } from "../../ipam/wish/fill-sets.ts";
import type { AttachedInterface } from "../../ipam/wish/pod-networks.ts";
import { readWish, type WishQuestion } from "../../ipam/wish/wish-of-pod.ts";
import type { FixedAddress } from "../../ipam/wish.ts";
import type { PodInterface } from "./interfaces.ts";
import type { KnownNetwork } from "./known-network.ts";

/** A container ID that no runtime gives: of the sandbox that is to come. */
const NEXT_SANDBOX = "the-next-sandbox";

/** What the pod is seen to have. */
export interface Seen {
  readonly shown: ReadonlySet<string>;
  /** The container whose other interfaces have addresses already. */
  readonly sandbox?: string;
  /** Its other interfaces, as far as kube-ipam is known to give them addresses. */
  readonly others: readonly AttachedInterface[];
}

/** What an interface is explained by. */
export interface InterfaceContext {
  readonly network: KnownNetwork;
  readonly live: PodFacts;
  readonly seen: Seen;
}

/**
 * What the pod wishes of this interface's network, and, where it has or shows nothing there, what
 * the next ADD would meet.
 *
 * @throws StoreFailure.
 */
export async function explainInterface(
  { ifname, entry, held }: PodInterface,
  { network: known, live: pod, seen }: InterfaceContext,
  ports: Ports,
  deadline: number,
): Promise<Explanation> {
  const { network, kubernetes, requested } = known;
  const { shown, sandbox, others } = seen;
  const container = held.length === 0 ? (sandbox ?? NEXT_SANDBOX) : NEXT_SANDBOX;
  const question: WishQuestion = {
    pod: { namespace: pod.namespace, name: pod.name, uid: pod.uid },
    attachment: { network: network.name, container, ifname },
    network,
    kubernetes,
    attached: others,
    requested: fillSets(network.sets, [(entry?.ips ?? []).flatMap(fromMultus), requested]).given,
  };
  if (held.length === 0 || !held.some(({ address }) => shown.has(address)))
    return explain(question, ports, deadline);
  return onlyWish(question, ports, deadline);
}

async function onlyWish(question: WishQuestion, ports: Ports, deadline: number): Promise<Explanation> {
  try {
    return { wish: await readWish(question, ports, deadline), addresses: [], formerly: [] };
  } catch (failure) {
    if (!(failure instanceof IpamError)) throw failure;
    return { addresses: [], formerly: [], refusal: failure };
  }
}

/** Multus hands the entry's "ips" on as runtimeConfig.ips. */
function fromMultus(text: string): FixedAddress[] {
  const cidr = tryParseCidr(text);
  const address = cidr?.address ?? tryParseAddress(text);
  return address === undefined ? [] : [{ address, source: "runtimeConfig.ips" }];
}
