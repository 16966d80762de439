import type { NodeFacts } from "../cluster-port.ts";
import { holderPodIsGone } from "../evidence/fencing.ts";
import { KnownBoots } from "../evidence/known-boots.ts";
import { readLive } from "../evidence/live-read.ts";
import { orDamaged, pastDamage } from "../integrity/damage.ts";
import type { Inventory } from "../inventory-port.ts";
import type { ClusterPorts, Ports } from "../ports.ts";
import type { AttachmentRecord, Holder, Owner } from "../records.ts";
import { refTo } from "../ref-to.ts";
import type { CallOptions } from "../store-port.ts";
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

async function recordOf(
  { node, id, requestId }: ReclaimStep,
  ports: Ports,
  options: CallOptions,
): Promise<AttachmentRecord | undefined> {
  const ref = refTo.attachment(node, id);
  const record = (await ports.store.read({ refs: [ref] }, options)).get(ref)?.record;
  return requestId === undefined || record?.holder.requestId === requestId ? record : undefined;
}
