import type { ClusterNames } from "../cluster-names.ts";
import { clusterRelation, isUndecided } from "../cluster-relation.ts";
import { KnownBoots } from "../evidence/known-boots.ts";
import type { AttachmentId, Holder } from "../records.ts";
import type { Entry } from "../store-port.ts";
import { isUnknownHolder } from "../unknown-holder.ts";
import { AllocationIndex, IS } from "./allocation-index.ts";
import { CompactTable } from "./compact-table.ts";
import { fingerprint } from "./fingerprint.ts";
import { isBare } from "./imported.ts";

/** Who looks, and with which witnesses. */
export interface Onlooker {
  readonly clusterNames?: ClusterNames;
  /** This node's name, where it is asked. */
  readonly here?: string;
  /** Whether Kubernetes is asked. */
  readonly isLive: boolean;
}

/** One number has both counts: a pod has no 65,536 addresses. */
const [CLAIMABLE, HELD] = [1, 2 ** 16];

/**
 * Notes all allocations in a compact index, and keeps the records of those that one look cannot clear: of several
 * holders, of this node, of a holder that is not known. Attachments then clear others, and pods.
 */
export class SiftedAllocations {
  readonly index = new AllocationIndex();
  readonly boots: KnownBoots;
  /** How many allocations a pod has, by the fingerprint of its name, and how many of them it must show. */
  readonly #ofPods = new CompactTable();
  readonly #wantedPods = new Set<number>();
  readonly #onlooker: Onlooker;

  constructor(onlooker: Onlooker) {
    this.#onlooker = onlooker;
    this.boots = new KnownBoots(onlooker.clusterNames);
  }

  /** What the index takes, without the records that are kept. */
  get bytes(): number {
    return this.index.bytes + this.#ofPods.bytes;
  }

  add(entry: Entry<"allocation">): void {
    const { ref, record } = entry;
    for (const holder of record.holders) this.boots.learnHolder(holder);
    const [holder, ...others] = record.holders;
    if (holder === undefined || others.length > 0 || this.#isDoubtful(holder)) {
      for (const { pod } of record.holders) if (pod !== undefined) this.#wantedPods.add(nameOf(pod));
      const unknown = { holder: Number.NaN, claim: Number.NaN, pod: Number.NaN };
      this.index.add(ref, { ...unknown, flags: IS.kept }, entry);
      return;
    }
    const flags = this.#flagsOf(holder);
    const { attachment, node, pod, requestId } = holder;
    const name = pod === undefined ? Number.NaN : nameOf(pod);
    if (pod !== undefined) {
      const isClaimable = (flags & IS.claimable) !== 0;
      this.#ofPods.set(name, (this.#ofPods.get(name) ?? 0) + HELD + (isClaimable ? CLAIMABLE : 0));
    }
    this.index.add(ref, {
      holder: attachmentPrint(node, attachment, requestId),
      claim: pod === undefined ? containerClaim(node) : podClaim(pod, pod.uid, node),
      pod: name,
      flags,
    });
  }

  /** Clears what an attachment says of its addresses. @returns whether all of it agrees with what they say. */
  match({ ref, record }: Entry<"attachment">): boolean {
    const print = attachmentPrint(ref.node, ref.id, record.holder.requestId);
    let agrees = true;
    for (const text of record.addresses) {
      const index = this.index.in(record.space, text);
      if (index === undefined || this.index.holder(index) !== print) agrees = false;
      else this.index.mark(index, IS.matched);
    }
    return agrees;
  }

  /** How many allocations this pod must show. */
  claimableBy(pod: Named): number {
    return (this.#ofPods.get(nameOf(pod)) ?? 0) % HELD;
  }

  /** Whether somebody of this pod's name has anything. */
  hasAny(pod: Named): boolean {
    return this.#ofPods.get(nameOf(pod)) !== undefined;
  }

  /** Whether what the pod has is looked at anyway. */
  isWanted(pod: Named): boolean {
    return this.#wantedPods.has(nameOf(pod));
  }

  /** What one look cannot clear. A record without a UID may be any pod of its name, also another cluster's. */
  #isDoubtful(holder: Holder): boolean {
    const { clusterNames, here } = this.#onlooker;
    if (isUnknownHolder(holder) || (here !== undefined && holder.node === here)) return true;
    return holder.pod?.uid === undefined && holder.pod !== undefined && !isOurs(holder, clusterNames);
  }

  #flagsOf(holder: Holder): number {
    const { clusterNames, isLive } = this.#onlooker;
    if (!isLive) return IS.unjudged;
    const bare = isBare(holder);
    const strange = !isOurs(holder, clusterNames) && !isUndecided(holder.cluster, clusterNames);
    if (bare) return strange ? 0 : IS.claimable;
    return strange || holder.pod === undefined ? IS.unjudged : IS.claimable;
  }
}

/** Stands for an attachment as one ADD wrote it. */
function attachmentPrint(
  node: string,
  { container, ifname, network }: AttachmentId,
  requestId: string,
): number {
  return fingerprint(node, network, container, ifname, requestId);
}

/** Stands for a pod of this UID on this node. */
export function podClaim({ name, namespace }: Named, uid: string | undefined, node: string): number {
  return fingerprint(node, namespace, name, uid);
}

/** Stands for whatever shows an address on this node: of a holder without a pod, it may be the container. */
export function containerClaim(node: string): number {
  return fingerprint(node);
}

interface Named {
  readonly namespace: string;
  readonly name: string;
}

/** Stands for a pod's name. */
export function nameOf({ name, namespace }: Named): number {
  return fingerprint(namespace, name);
}

function isOurs({ cluster }: Holder, names: ClusterNames | undefined): boolean {
  return clusterRelation(cluster, names) === "same";
}
