import type { Address } from "../../address/address.ts";
import type { AskingPod, Cluster, NodeFacts, OwnerFacts, PodFacts } from "../cluster-port.ts";
import { holderRelation, isUndecided } from "../cluster-relation.ts";
import { IpamError } from "../errors.ts";
import { isFenced, isPod } from "../evidence/fencing.ts";
import { doubt, readLive } from "../evidence/live-read.ts";
import { namespaceStateOf } from "../evidence/may-free.ts";
import type { Ports } from "../ports.ts";
import type { AttachmentId, Holder, PodId, ReservationRecord } from "../records.ts";
import type { AddRequest } from "../requests.ts";
import {
  dependsOnOwner,
  type ReservationAsker,
  type ReservationFacts,
} from "../reserve/judge-reservation.ts";
import type { HandOverFacts } from "./facts.ts";
import { decidedLocally } from "./judge.ts";

/** The asker of an address that has a holder or an owner. */
export interface Asking {
  readonly address: Address;
  readonly space: string;
  readonly attachment: AttachmentId;
  readonly pod?: PodId;
  /** The asking pod, where the ADD has read it already. */
  readonly seen?: AskingPod;
  readonly owner?: OwnerFacts;
}

/** The asker, from the request of an ADD. */
export function askingOf({ attachment, network, pod, wish }: AddRequest, address: Address): Asking {
  const { owner, pod: seen } = wish;
  const { space } = network;
  return { address, space, attachment, ...(pod && { pod }), ...(seen && { seen }), ...(owner && { owner }) };
}

/**
 * Gathers the facts that `judge` needs about one holder, live, right before the commit. Asks this node
 * first, and Kubernetes only where its answer can matter. Facts are "unknown" where the API does not
 * answer in time; that is never an error.
 */
export async function gatherFacts(
  asking: Asking,
  holder: Holder,
  ports: Ports,
  deadline: number,
): Promise<HandOverFacts> {
  const local = localFactsOf(asking, holder, ports);
  if (ports.cluster === undefined || decidedLocally(local)) return local;
  if (local.cluster !== "other") return askKubernetes(local, ports.cluster, deadline);
  if (holder.pod?.uid === undefined || !isUndecided(holder.cluster, ports.clusterNames)) return local;
  const { state } = await readLive<PodFacts>(ports.cluster.pod(holder.pod, deadline));
  // A UID is unique in the world: the API server that knows it is that of the holder's cluster.
  if (typeof state === "string" || !isPod(state, holder.pod.uid)) return local;
  const own = { ...local, cluster: "same" } as const;
  return decidedLocally(own) ? own : askKubernetes(own, ports.cluster, deadline);
}

/** Gathers the facts that `judgeReservation` needs. Reads the owner only where that may change the verdict. */
export async function gatherReservationFacts(
  asking: Omit<Asking, "attachment" | "seen"> & Pick<ReservationAsker, "names">,
  reservation: ReservationRecord,
  held: boolean,
  ports: Pick<Ports, "cluster" | "clusterNames">,
  deadline: number,
): Promise<ReservationFacts> {
  const { pod, owner, names } = asking;
  const facts: ReservationFacts = {
    address: asking.address,
    space: asking.space,
    reservation,
    asker: { ...(pod && { pod }), ...(owner && { owner }), names },
    ...(ports.clusterNames && { clusterNames: ports.clusterNames }),
    held,
    ownerState: "not asked",
  };
  if (!dependsOnOwner(facts)) return facts;
  if (ports.cluster === undefined) return { ...facts, ownerState: "unknown" };
  const state = await ports.cluster.ownerState(reservation.owner, deadline).catch(doubt);
  return state instanceof IpamError
    ? { ...facts, ownerState: "unknown", unknownBecause: state }
    : { ...facts, ownerState: state };
}

/** What this node knows of a holder by itself, without a request. */
export function localFactsOf(asking: Asking, holder: Holder, ports: Ports): HandOverFacts {
  const { node } = ports;
  const { attachment, pod, seen, owner } = asking;
  const machine = node.relationTo(holder);
  return {
    address: asking.address,
    space: asking.space,
    holder,
    asker: {
      attachment,
      node: node.name,
      ...(pod && { pod }),
      podState: seen ?? "unknown",
      ...(owner && { owner }),
    },
    cluster: holderRelation(holder, ports),
    machine,
    namespaceState: machine === "other" ? "unknown" : namespaceStateOf(holder, ports),
    kept: machine !== "other" && node.keptReleases.of(holder.attachment)?.requestId === holder.requestId,
    holderPod: "unknown",
    holderNode: "unknown",
  };
}

/** Reads the asking pod last, right before it would get the address. */
async function askKubernetes(
  local: HandOverFacts,
  cluster: Cluster,
  deadline: number,
): Promise<HandOverFacts> {
  const { asker, holder } = local;
  if (holder.pod === undefined) return local;
  const [pod, node] = await Promise.all([
    readLive<PodFacts>(cluster.pod(holder.pod, deadline)),
    readLive<NodeFacts>(cluster.node(holder.node, deadline)),
  ]);
  const reason = pod.reason ?? node.reason;
  const unknownBecause = reason === undefined ? {} : { unknownBecause: reason };
  const facts = { ...local, holderPod: pod.state, holderNode: node.state, ...unknownBecause };
  const mayTake = isFenced(facts) || asker.owner?.migratingInstance !== undefined;
  if (asker.pod === undefined || !mayTake) return facts;
  const again = await readLive<PodFacts>(cluster.pod(asker.pod, deadline));
  return { ...facts, asker: { ...asker, podState: again.state } };
}
