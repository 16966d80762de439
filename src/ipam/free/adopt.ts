import { clusterRelation, isOwnHolder, isUndecided } from "../cluster-relation.ts";
import { isPod, podIsGone } from "../evidence/fencing.ts";
import { orDamaged, pastDamage } from "../integrity/damage.ts";
import { isContainerUnknown, journalEntryOf } from "../journal-entry.ts";
import type { Ports } from "../ports.ts";
import type { AttachmentRecord, Holder, NamespaceId, PodId } from "../records.ts";
import { sameAttachment } from "../same.ts";
import type { CallOptions, Entry, Guard, Put } from "../store-port.ts";
import { allocationRefs, free } from "./free.ts";

/** What the runtime's CNI library caches about attachments between their ADD and their DEL. */
export interface RuntimeNotes {
  /** The network namespace of a container; undefined where the cache lacks it. */
  namespaceOf(container: string, ifname: string): NamespaceId | undefined;
  /** Whether the cache has an entry of this container. */
  knows(container: string): boolean;
  /** The container of a pod, as the arguments tell that the runtime passes on; undefined where the cache has none. */
  containerOf(pod: PodId): string | undefined;
  /**
   * True once the cache lists a living namespace of this node: a container that it lacks has then had
   * its DEL, or never existed.
   */
  readonly trusted: boolean;
}

/** Prefix of the request ID of an attachment that was imported from another plugin. */
export const IMPORTED = "imported:";

/** The request ID of an attachment that was imported from `source`. */
export function importedId(source: string, container: string): string {
  return `${IMPORTED}${source}:${container}`;
}

/**
 * Adopts the attachments of this node that were imported from another plugin. The import knew neither
 * their namespace nor their boot. The runtime's cache has the namespace, so that this node notices its
 * end. They were imported in this boot or an earlier one, so none of them outlives this boot.
 *
 * Frees an attachment whose DEL went to the other plugin, if two witnesses agree: the runtime's cache
 * lacks the container, and a live read shows that its pod is gone.
 *
 * @returns how many it adopted and freed, and how many it could complete neither way yet: they lack a namespace,
 *   which the runtime may tell later, or their pod is still there.
 * @throws StoreFailure; IpamError where Kubernetes does not answer. What was done before stays done.
 */
export async function adoptImported(
  notes: RuntimeNotes,
  ports: Ports,
  options: CallOptions,
): Promise<{ adopted: number; freed: number; open: number }> {
  let [adopted, freed, open] = [0, 0, 0];
  const scope = { kind: "attachment", node: ports.node.name } as const;
  for await (const entry of ports.store.list(scope, pastDamage(options, ports))) {
    const { holder } = entry.record;
    if (!holder.requestId.startsWith(IMPORTED) || isForeign(holder, ports)) continue;
    const own = await isOurs(holder, ports, options);
    const done = own
      ? await orDamaged(() => adoptOrFree(entry, notes, ports, options), undefined, ports)
      : undefined;
    if (done === "freed") freed++;
    if (done === "adopted") adopted++;
    if (done !== "freed" && !isComplete(holder)) open++;
  }
  return { adopted, freed, open };
}

/** Nothing that a node learns later changes it. */
function isComplete({ bootId, namespace }: Holder): boolean {
  return bootId !== "" && namespace.device !== undefined;
}

/** Of another machine or cluster for certain, whatever this node learns later. */
function isForeign({ cluster, machine }: Holder, { clusterNames, node }: Ports): boolean {
  if (machine !== undefined && machine !== node.machineId()) return true;
  return clusterRelation(cluster, clusterNames) === "other" && !isUndecided(cluster, clusterNames);
}

/** A UID is unique in the world: the API server that knows the pod is that of the holder's cluster, whatever that is called. */
async function isOurs(holder: Holder, ports: Ports, { deadline }: CallOptions): Promise<boolean> {
  const { cluster, clusterNames } = ports;
  const { pod } = holder;
  if (isOwnHolder(holder, ports)) return true;
  if (cluster === undefined || pod?.uid === undefined || !isUndecided(holder.cluster, clusterNames))
    return false;
  const live = await cluster.pod(pod, deadline);
  return live !== undefined && isPod(live, pod.uid);
}

async function adoptOrFree(
  entry: Entry<"attachment">,
  notes: RuntimeNotes,
  ports: Ports,
  options: CallOptions,
): Promise<"adopted" | "freed" | undefined> {
  const { holder } = entry.record;
  if (await hasEnded(holder, notes, ports, options)) {
    const { node, id } = entry.ref;
    const target = { node, id, requestId: holder.requestId };
    return (await free(target, 0, ports, options)) && "freed";
  }
  return (await adopt(entry, notes, ports, options)) ? "adopted" : undefined;
}

async function hasEnded(
  holder: Holder,
  notes: RuntimeNotes,
  ports: Ports,
  options: CallOptions,
): Promise<boolean> {
  const { namespace, nodeVerified, pod } = holder;
  const { cluster } = ports;
  if (namespace.device !== undefined || !notes.trusted || containerIn(notes, holder) !== undefined)
    return false;
  if (pod === undefined || !nodeVerified || cluster === undefined) return false;
  if (await isAnotherMachine(ports, options)) return false;
  return podIsGone(pod, (await cluster.pod(pod, options.deadline)) ?? "absent");
}

/** The holder's container, if the cache has it. Where the import knew only the pod, the cache tells which it is. */
function containerIn(notes: RuntimeNotes, holder: Holder): string | undefined {
  const { attachment, pod } = holder;
  if (isContainerUnknown(holder)) return pod && notes.containerOf(pod);
  return notes.knows(attachment.container) ? attachment.container : undefined;
}

/** False where nothing new is known, or another process changed the record meanwhile. */
async function adopt(
  { ref, record, revision }: Entry<"attachment">,
  notes: RuntimeNotes,
  ports: Ports,
  options: CallOptions,
): Promise<boolean> {
  const { bootId } = ports.node;
  const { attachment, machine, namespace: known, nodeVerified, pod } = record.holder;
  const container = containerIn(notes, record.holder);
  // The pod may have run on another node when it got its address: it is this node's only if the runtime here knows it.
  if (pod !== undefined && container === undefined) {
    if (!nodeVerified || (await isAnotherMachine(ports, options))) return false;
  }
  // Another machine of this name may run it, or another node, where nobody has said whose it is.
  if (pod === undefined && container === undefined && machine === undefined && ports.store.description.shared)
    return false;
  const noted =
    known.device === undefined && container !== undefined && notes.namespaceOf(container, attachment.ifname);
  const namespace = noted || known;
  if (record.holder.bootId !== "" && namespace === known) return false;
  const boot = record.holder.bootId === "" ? { bootId, machine: ports.node.machineId() } : {};
  const holder: Holder = { ...record.holder, ...boot, namespace };
  const next: AttachmentRecord = { ...record, holder };
  const { guards, puts } = await inAllocations(next, ports, options);
  const outcome = await ports.store.commit(
    {
      guards: [{ ref, revision }, ...guards],
      puts: [{ ref, record: next }, ...puts],
      deletes: [],
    },
    options,
  );
  if (outcome.won) ports.node.journal.write(journalEntryOf({ record: next }));
  return outcome.won;
}

/** Whether Kubernetes' Node of this name is another machine, which was given this one's name. */
async function isAnotherMachine({ cluster, node }: Ports, { deadline }: CallOptions): Promise<boolean> {
  const object = await cluster?.node(node.name, deadline);
  return object?.bootId !== undefined && object.bootId !== node.bootId;
}

/** The writes that put the same holder into the attachment's allocations. */
async function inAllocations(
  record: AttachmentRecord,
  ports: Ports,
  options: CallOptions,
): Promise<{ guards: Guard[]; puts: Put[] }> {
  const refs = allocationRefs(record);
  const snapshot = await ports.store.read({ refs }, options);
  const guards: Guard[] = [];
  const puts: Put[] = [];
  for (const ref of refs) {
    const allocation = snapshot.get(ref);
    guards.push({ ref, revision: allocation?.revision ?? 0 });
    if (allocation === undefined) continue;
    const holders = allocation.record.holders.map((holder) =>
      sameAttachment(holder.attachment, record.holder.attachment) ? record.holder : holder,
    );
    puts.push({ ref, record: { ...allocation.record, holders } });
  }
  return { guards, puts };
}
