import { type Address, formatAddress } from "../../address/address.ts";
import { isOwnHolder } from "../cluster-relation.ts";
import { IpamError } from "../errors.ts";
import { liveFence } from "../evidence/live-fence.ts";
import { mayFree, namespaceStateOf } from "../evidence/may-free.ts";
import { describeHolderFully } from "../in-words.ts";
import type { Ports } from "../ports.ts";
import type { Holder } from "../records.ts";
import type { CallOptions } from "../store-port.ts";

export type ReasonToFree =
  | "its namespace is gone"
  | "its DEL is waiting on this node"
  | "its node is fenced"
  | "by force";

interface Asked {
  readonly address: Address;
  readonly force: boolean;
}

/** Why a holder may lose its address for an operator (EVIDENCE). @throws IpamError addressHeld where it may not. */
export async function reasonToFree(
  request: Asked,
  holder: Holder,
  ports: Ports,
  options: CallOptions,
): Promise<ReasonToFree> {
  if (isHere(holder, ports)) {
    if (mayFree(holder, ports)) return "its namespace is gone";
    const kept = ports.node.keptReleases.of(holder.attachment);
    if (kept?.requestId !== undefined && kept.requestId === holder.requestId)
      return "its DEL is waiting on this node";
  }
  if (request.force) return "by force";
  const { cluster, clusterNames } = ports;
  if (cluster !== undefined && clusterNames !== undefined) {
    if ((await liveFence(holder, { cluster, clusterNames }, options)) !== undefined)
      return "its node is fenced";
  }
  throw noEvidence(request, holder, ports);
}

function noEvidence({ address }: Asked, holder: Holder, ports: Ports): IpamError {
  const text = formatAddress(address);
  return new IpamError(
    "addressHeld",
    `address ${text} is held by ${describeHolderFully(holder)}`,
    `${doubt(holder, ports)}: stop that container or delete its pod; if it is gone for certain, run ` +
      `'kube-ipam ip release --force ${text}'`,
  );
}

function doubt(holder: Holder, ports: Ports): string {
  if (holder.node !== ports.node.name && !isHere(holder, ports))
    return `only that node can see whether the container has ended${ports.node.name === "" ? "" : ` (this is node ${ports.node.name})`}`;
  if (!isOwnHolder(holder, ports)) return "that container belongs to another cluster";
  if (!isHere(holder, ports))
    return "only that machine can see whether the container has ended, and it is another one of that name";
  const state = namespaceStateOf(holder, ports);
  if (state === "present") return `its network namespace ${holder.namespace.path} is still there`;
  return "it is not known whether its network namespace is gone (was the node restarted since?)";
}

/** Whether this machine may have made the record. */
export function isHere(holder: Holder, { node }: Pick<Ports, "node">): boolean {
  return node.relationTo(holder) !== "other";
}
