import { CAPS } from "../../address/caps.ts";
import { cut } from "../../address/cut.ts";
import type { AskingPod, Cluster, OwnerFacts } from "../cluster-port.ts";
import { IpamError } from "../errors.ts";
import { isPod } from "../evidence/fencing.ts";
import { podName } from "../in-words.ts";
import type { Network } from "../network.ts";
import type { Ports } from "../ports.ts";
import type { AttachmentId, PodId } from "../records.ts";
import { type FixedAddress, takesAny, type Wish } from "../wish.ts";
import type { Annotations } from "./annotation.ts";
import { readAnnotations } from "./annotations.ts";
import { fillSets } from "./fill-sets.ts";
import { listedAddresses } from "./listed-addresses.ts";
import type { AttachedInterface } from "./pod-networks.ts";
import { withRequested } from "./requested-addresses.ts";
import { requireClaimed } from "./require-claimed.ts";

/** The attachment whose wish is read, and the sources that can tell it. */
export interface WishQuestion {
  /** Absent where no K8S_POD_* arguments came. */
  readonly pod?: PodId;
  readonly attachment: AttachmentId;
  readonly network: Network;
  readonly kubernetes: AnnotationSource;
  /** Addresses that the runtime requests (runtimeConfig.ips, args.cni.ips, CNI_ARGS IP). */
  readonly requested: readonly FixedAddress[];
  /** The pod's other interfaces with addresses of ours, where the caller knows them; else they are looked for. */
  readonly attached?: readonly AttachedInterface[];
}

export interface AnnotationSource {
  /** "off": this network never asks what a pod wants. */
  readonly annotations: "auto" | "off";
  readonly capabilityDeclared: boolean;
  /** The pod's annotations as the runtime delivered them. */
  readonly podAnnotations?: Annotations;
}

/** How long Kubernetes may take where the ADD can do without its answer, in milliseconds. */
const PATIENCE_MS = 5_000;

/**
 * What the pod wants of this network, from the first source that docs/design.md section 5 names: the
 * runtime's capability, else Kubernetes (the agent's cache, or one GET). FAIL-CLOSED: a source
 * that does not answer is an error, never "no wish". A pod that wants nothing lasting costs no
 * request where the runtime delivered its annotations.
 *
 * @throws IpamError annotationMalformed, addressNotAllowed, invalidConfig (request and annotation
 *   differ), podGone, kubernetesRefused, tryAgain; StoreFailure when the store's networks are
 *   needed and cannot be read.
 */
export async function readWish(
  question: WishQuestion,
  ports: Pick<Ports, "cluster" | "node" | "store">,
  deadline: number,
): Promise<Wish> {
  const { kubernetes, pod, requested } = question;
  if (pod === undefined) return wishWithoutPod(question, ports, deadline);
  if (kubernetes.annotations === "off") {
    const wish = { fixed: requested, sticky: false, retain: "workload" } as const;
    return requested.length === 0 ? wish : { ...wish, owner: podItself(pod) };
  }
  const delivered = kubernetes.podAnnotations;
  const facts = delivered === undefined ? await readPod(question, pod, ports.cluster, deadline) : undefined;
  const annotations = delivered ?? facts?.annotations ?? {};
  const wish = await annotatedWish(annotations, question, ports, deadline);
  if (takesAny(wish)) {
    // Where it costs nothing, the record proves this node's name: a controller frees by proven names.
    const seen = facts ?? ports.cluster?.seenPod?.(pod);
    return { ...wish, ...(seen && { pod: seen }) };
  }
  return withOwner(wish, question, pod, facts, ports.cluster, deadline);
}

/** What the annotations want, brought together with what was requested. */
async function annotatedWish(
  annotations: Annotations,
  question: WishQuestion,
  ports: Pick<Ports, "cluster" | "node" | "store">,
  deadline: number,
): Promise<Wish> {
  const { attachment, network } = question;
  const { ifname } = attachment;
  const listed = listedAddresses(annotations, { network, ifname });
  const requested = fillSets(network.sets, [question.requested, listed]).given;
  const { unclaimed, ...asked } = readAnnotations(annotations, { network, ifname });
  const passedOn = await requireClaimed(unclaimed, annotations, { ...question, ifname }, ports, deadline);
  return {
    ...asked,
    ...withRequested(asked, requested, network.sets),
    ...(passedOn.length > 0 && {
      passedOn: passedOn.map(({ key, text }) => `${key}: ${cut(text, CAPS.shownValue)}`),
    }),
  };
}

/** Nobody is asked; but what a runtime delivers without naming its pod is no less a wish. */
async function wishWithoutPod(
  question: WishQuestion,
  ports: Pick<Ports, "cluster" | "node" | "store">,
  deadline: number,
): Promise<Wish> {
  const { annotations, podAnnotations } = question.kubernetes;
  if (annotations === "off" || podAnnotations === undefined)
    return { fixed: question.requested, sticky: false, retain: "workload" };
  const wish = await annotatedWish(podAnnotations, question, ports, deadline);
  if (!wish.sticky && wish.set === undefined) return wish;
  throw new IpamError(
    "invalidEnvironment",
    "kube-ipam.sticky and kube-ipam.ips need a pod, but CNI_ARGS names none",
    "the runtime must pass K8S_POD_NAMESPACE and K8S_POD_NAME; nothing is allocated",
  );
}

async function withOwner(
  wish: Wish,
  question: WishQuestion,
  pod: PodId,
  known: AskingPod | undefined,
  cluster: Cluster | undefined,
  deadline: number,
): Promise<Wish> {
  const needsOwner = wish.set !== undefined || wish.sticky;
  if (cluster === undefined && !needsOwner) return { ...wish, owner: podItself(pod) };
  const patience =
    needsOwner || known !== undefined ? deadline : Math.min(deadline, performance.now() + PATIENCE_MS);
  try {
    const facts = known ?? (await readPod(question, pod, cluster, patience));
    const owner = await requireCluster(question, cluster).ownerOf(facts, patience);
    return { ...wish, pod: facts, owner };
  } catch (failure) {
    // A named address needs no more than the delivered annotations; who owns it can wait.
    const unreachable = failure instanceof IpamError && failure.name === "tryAgain";
    if (!unreachable || needsOwner || known !== undefined) throw failure;
    return { ...wish, owner: podItself(pod) };
  }
}

/** The asking pod, live; a pod that is not there any more gets no address. */
async function readPod(
  question: WishQuestion,
  pod: PodId,
  cluster: Cluster | undefined,
  deadline: number,
): Promise<AskingPod> {
  const kubernetes = requireCluster(question, cluster);
  const asked = kubernetes.askingPod?.(pod, deadline) ?? kubernetes.pod(pod, deadline);
  const facts = await asked;
  const name = podName(pod);
  if (facts === undefined) {
    throw new IpamError(
      "podGone",
      `pod ${name} does not exist any more`,
      "it was deleted while its sandbox was being created; nothing is allocated",
    );
  }
  if (pod.uid === undefined || isPod(facts, pod.uid)) return facts;
  throw new IpamError(
    "podGone",
    `pod ${name} was replaced: its UID is ${facts.uid}, the sandbox is for ${pod.uid}`,
    "the sandbox belongs to an earlier pod of that name; nothing is allocated",
  );
}

function requireCluster({ kubernetes, network }: WishQuestion, cluster: Cluster | undefined): Cluster {
  if (cluster !== undefined) return cluster;
  const dropped =
    kubernetes.capabilityDeclared && kubernetes.podAnnotations === undefined
      ? "the capability io.kubernetes.cri.pod-annotations is declared, but the caller of this plugin did not deliver it " +
        "(Multus does not pass it on); "
      : "";
  throw new IpamError(
    "kubernetesRefused",
    `network '${network.name}' has no way to read the pod's annotations`,
    `${dropped}name a kubeConfig in the network or in the node's file, or declare the capability ` +
      `io.kubernetes.cri.pod-annotations, or say "annotations": "off" if no pod of this network asks for addresses`,
  );
}

/** By name, not by UID: a bare pod that is made again under its name is the same owner. */
function podItself({ namespace, name }: PodId): OwnerFacts {
  return { owner: { kind: "Pod", namespace, name }, provisional: true };
}
