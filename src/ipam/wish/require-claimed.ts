import { parseCidr } from "../../address/cidr.ts";
import type { Cluster } from "../cluster-port.ts";
import { IpamError } from "../errors.ts";
import { definitionsInForce, subnetsOf } from "../network-definitions.ts";
import type { Ports } from "../ports.ts";
import type { AttachmentId, PodId } from "../records.ts";
import type { Annotations, Asked } from "./annotation.ts";
import { attachedInterfaces } from "./attached-interfaces.ts";
import { unclaimedRefusal } from "./claim-refusal.ts";
import { type FurtherNetwork, furtherNetworks } from "./further-networks.ts";
import { isAttached, isEarlier, judgeClaim, supposedFor } from "./judge-claim.ts";
import { type AttachedInterface, type Definition, type PodNetworks, positionOf } from "./pod-networks.ts";
import type { KnownNetwork, Unclaimed } from "./unclaimed.ts";

/** The interface that is judged, and what its caller knows of the pod's others. */
export interface ClaimQuestion extends Asked {
  readonly attachment: AttachmentId;
  readonly pod?: PodId;
  readonly attached?: readonly AttachedInterface[];
}

/** So many definitions are read for one ADD, each with one request (CAPPED, BOUNDED). */
const MOST_LOOKED_UP = 8;

/** How long Kubernetes may take for definitions that only confirm what the store suggests, in milliseconds. */
const PATIENCE_MS = 5_000;

/**
 * Every wish must be met by one of the pod's networks, or the pod would silently get another address than
 * it names (FAIL-CLOSED). Asks in turn, as far as it must: the store for the networks that it knows, node
 * and store for the container's other interfaces, Kubernetes for the definitions: first of the networks that
 * seem to be meant, for the store knows networks and not definitions, then of all.
 *
 * @returns the wishes that are left to networks which may be the pod's, though nothing known proves it.
 * @throws IpamError addressNotAllowed for the first wish that no network fulfils; tryAgain or
 *   kubernetesRefused where only Kubernetes could have told; StoreFailure.
 */
export async function requireClaimed(
  unclaimed: readonly Unclaimed[],
  annotations: Annotations,
  question: ClaimQuestion,
  ports: Pick<Ports, "cluster" | "node" | "store">,
  deadline: number,
): Promise<Unclaimed[]> {
  if (unclaimed.length === 0) return [];
  const asked = { ifname: question.ifname, network: question.network };
  const further = furtherNetworks(annotations);
  const known = await knownNetworks(ports, deadline);
  const attached =
    question.attached ??
    (await attachedInterfaces(question.attachment, unclaimed, { further, known }, ports, deadline));
  const seen = (definitions: PodNetworks["definitions"]): PodNetworks => {
    const position = positionOf(asked, { further, known, definitions });
    return { asked, further, known, attached, definitions, position };
  };
  let pod = seen(new Map());
  const unattached = unclaimed.filter((wish) => !isAttached(wish, pod));
  if (unattached.length === 0) return [];
  const ask = async (entries: readonly FurtherNetwork[], until: number) =>
    seen(await lookUp(entries, pod, { asking: question.pod, cluster: ports.cluster, deadline: until }));
  const patience = Math.min(deadline, performance.now() + PATIENCE_MS);
  const { doubtful } = pod.position;
  if (doubtful !== undefined) pod = await ask([doubtful], patience);
  pod = await ask(
    unattached.flatMap((wish) => supposedFor(wish, pod)),
    patience,
  );
  const isClaimed = (wish: Unclaimed) => judgeClaim(wish, pod) === "claimed";
  if (!unattached.every(isClaimed)) {
    pod = await ask(further, deadline);
    const refused = unattached.find(
      (wish) => !isClaimed(wish) && (judgeClaim(wish, pod) === "nobody's" || isUntold(pod)),
    );
    if (refused !== undefined) throw unclaimedRefusal(refused, pod);
  }
  return unattached.filter((wish) => !isClaimed(wish) || isUnsure(wish, pod));
}

async function knownNetworks(
  { store }: Pick<Ports, "store">,
  deadline: number,
): Promise<Map<string, KnownNetwork>> {
  const known = new Map<string, KnownNetwork>();
  for await (const { ref, record } of store.list({ kind: "network" }, { deadline }))
    known.set(ref.name, {
      name: ref.name,
      subnets: subnetsOf(definitionsInForce(record)).map(parseCidr),
      record,
      ...(record.further && { further: true }),
    });
  return known;
}

interface Asking {
  readonly asking: PodId | undefined;
  readonly cluster: Cluster | undefined;
  readonly deadline: number;
}

/** Adds the definitions of entries that are neither attached, nor this interface, nor looked up before. */
async function lookUp(
  entries: readonly FurtherNetwork[],
  pod: PodNetworks,
  { asking, cluster, deadline }: Asking,
): Promise<Map<FurtherNetwork, Definition>> {
  const definitions = new Map(pod.definitions);
  const isOwn = (entry: FurtherNetwork) =>
    entry === pod.further[pod.position.index] && entry !== pod.position.doubtful;
  for (const entry of entries) {
    if (definitions.has(entry) || isOwn(entry) || isEarlier(entry, pod)) continue;
    const namespace = entry.namespace ?? asking?.namespace;
    const isAsked = definitions.size < MOST_LOOKED_UP && entry.name !== "" && namespace !== undefined;
    definitions.set(
      entry,
      isAsked && cluster ? await read(entry.name, namespace, cluster, deadline) : { kind: "unasked" },
    );
  }
  return definitions;
}

async function read(
  name: string,
  namespace: string,
  cluster: Cluster,
  deadline: number,
): Promise<Definition> {
  try {
    return (await cluster.definedNetwork(namespace, name, deadline)) ?? { kind: "absent" };
  } catch (failure) {
    if (!(failure instanceof IpamError)) throw failure;
    return { kind: "unasked", failure };
  }
}

/** Whether a claim rests on a name alone, because Kubernetes did not say what the definition is. */
function isUnsure(wish: Unclaimed, pod: PodNetworks): boolean {
  return supposedFor(wish, pod).some((entry) => {
    const definition = pod.definitions.get(entry);
    return definition?.kind === "unasked" && definition.failure !== undefined;
  });
}

/** Whether another try may tell more: it costs less than an address that is lost. */
function isUntold({ definitions }: PodNetworks): boolean {
  return [...definitions.values()].some(
    (each) => each.kind === "unasked" && each.failure?.name === "tryAgain",
  );
}
