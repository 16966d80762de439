import { formatAddress } from "../../address/address.ts";
import type { NodeFacts } from "../cluster-port.ts";
import { isOwnCluster } from "../cluster-relation.ts";
import type { IpamError } from "../errors.ts";
import { holderPodIsGone } from "../evidence/fencing.ts";
import { KnownBoots } from "../evidence/known-boots.ts";
import { doubt, readLive } from "../evidence/live-read.ts";
import { orDamaged, pastDamage } from "../integrity/damage.ts";
import type { Inventory } from "../inventory-port.ts";
import type { ClusterPorts, Ports } from "../ports.ts";
import type { AttachmentRecord, Holder, Owner } from "../records.ts";
import { refTo } from "../ref-to.ts";
import { endReservation } from "../reserve/end-reservation.ts";
import type { CallOptions, Entry } from "../store-port.ts";
import { findSuspects } from "./fenced-suspects.ts";
import { freeFenced } from "./free-fenced.ts";
import { type ReclaimStep, reclaimSteps } from "./reclaim.ts";

/** Something that nobody needs any more, and how to free it. Nothing changes before the caller calls `free`. */
export interface Garbage {
  readonly kind: "kept DEL" | "dead sandbox" | "fenced node" | "ownerless reservation";
  readonly space: string;
  /** Empty where only a file of this node is left. */
  readonly addresses: readonly string[];
  readonly holder?: Holder;
  readonly owner?: Owner;
  readonly because: string;
  /** Reads the evidence again and frees it. @returns false where there was nothing (left) to free. */
  readonly free: () => Promise<boolean>;
}

/**
 * Finds what this node's dead sandboxes hold, and DELs that wait on this node for the store.
 *
 * @throws StoreFailure.
 */
export async function* deadHere(ports: Ports, options: CallOptions): AsyncGenerator<Garbage> {
  const yielded = new Set<string>();
  const limits = { records: Number.POSITIVE_INFINITY, sweep: true, deadline: options.deadline };
  for await (const step of reclaimSteps(ports, limits)) {
    const key = JSON.stringify([step.id, step.requestId]);
    if (yielded.has(key)) continue;
    yielded.add(key);
    const record = await orDamaged(() => recordOf(step, ports, options), undefined, ports);
    const { space = "", addresses = [], holder } = record ?? {};
    const kind = step.because === "its network namespace is gone" ? "dead sandbox" : "kept DEL";
    yield { kind, space, addresses, ...(holder && { holder }), because: step.because, free: step.free };
  }
}

/**
 * Finds what nodes hold that are deleted, tainted out-of-service, or rebooted: a machine does not know its own
 * records any more where it lost its identity, or an older program made them before its first boot with this one.
 * Skips what this machine knows for its own, which `deadHere` finds.
 *
 * @throws StoreFailure; IpamError when the nodes cannot be listed.
 */
export async function* deadElsewhere(
  ports: ClusterPorts,
  inventory: Inventory,
  coolingSeconds: number,
  options: CallOptions,
): AsyncGenerator<Garbage> {
  const nodes = new Map<string, NodeFacts>();
  for await (const node of inventory.nodes(options.deadline)) nodes.set(node.name, node);
  const past = pastDamage(options, ports);
  const suspects = await findSuspects(
    ports.store,
    nodes,
    new KnownBoots(ports.clusterNames),
    ports.clusterNames,
    past,
  );
  for (const { entry, fence } of suspects) {
    const { holder, space, addresses } = entry.record;
    if (fence === "rebooted" && ports.node.relationTo(holder) === "this") continue;
    if (!(await podEnded(holder, ports, options))) continue;
    yield {
      kind: "fenced node",
      space,
      addresses,
      holder,
      because: FENCES[fence],
      free: async () => (await freeFenced(entry, coolingSeconds, ports, options)) !== undefined,
    };
  }
}

const FENCES = {
  "node-deleted": "its node was deleted",
  "out-of-service": "its node is tainted out-of-service",
  rebooted: "its node was rebooted",
} as const;

/** The pod's half of "fenced"; `freeFenced` reads both halves again. */
async function podEnded(holder: Holder, { cluster }: ClusterPorts, options: CallOptions): Promise<boolean> {
  const { pod } = holder;
  if (pod === undefined) return false;
  return holderPodIsGone(holder, (await readLive(cluster.pod(pod, options.deadline))).state);
}

/**
 * Finds automatic reservations that end with their owner, where a live read shows the owner gone and
 * nobody holds the address. Leaves those with a duration to the controller, which watches all the time
 * (NO-CLOCKS). Where an owner cannot be read, its reservation stays; warns of each reason once.
 *
 * @throws StoreFailure.
 */
export async function* ownerless(ports: ClusterPorts, options: CallOptions): AsyncGenerator<Garbage> {
  const warned = new Set<string>();
  const stay = ({ message, details }: IpamError) => {
    if (!warned.has(message))
      ports.log(
        "warn",
        `${message}: kube-ipam keeps what is reserved for owners that it cannot read; ${details}`,
      );
    warned.add(message);
    return false;
  };
  for await (const entry of ports.store.list({ kind: "reservation" }, pastDamage(options, ports))) {
    const { ref, record } = entry;
    const judge = () => isOwnerless(entry, ports, options).catch((failure) => stay(doubt(failure)));
    if (!(await orDamaged(judge, false, ports))) continue;
    yield {
      kind: "ownerless reservation",
      space: ref.space,
      addresses: [formatAddress(ref.address)],
      owner: record.owner,
      because: "its owner is gone",
      free: async () =>
        (await isOwnerless(entry, ports, options)) && (await endReservation(entry, ports, options)),
    };
  }
}

/** @throws StoreFailure; IpamError where the owner cannot be read. */
async function isOwnerless(
  { ref, record }: Entry<"reservation">,
  { cluster, clusterNames, store }: ClusterPorts,
  options: CallOptions,
): Promise<boolean> {
  const { retain } = record;
  const endsWithOwner = retain === "workload" || retain === "delete" || retain === 0;
  if (record.kind !== "automatic" || !isOwnCluster(record.cluster, clusterNames) || !endsWithOwner)
    return false;
  const allocation = refTo.allocation(ref.space, ref.address);
  if ((await store.read({ refs: [allocation] }, options)).get(allocation) !== undefined) return false;
  return (await cluster.ownerState(record.owner, options.deadline)) === "gone";
}

async function recordOf(
  { node, id, requestId }: ReclaimStep,
  ports: Ports,
  options: CallOptions,
): Promise<AttachmentRecord | undefined> {
  const ref = refTo.attachment(node, id);
  const record = (await ports.store.read({ refs: [ref] }, options)).get(ref)?.record;
  return requestId === undefined || record?.holder.requestId === requestId ? record : undefined;
}
