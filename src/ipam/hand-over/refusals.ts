import { type Address, formatAddress } from "../../address/address.ts";
import { IpamError } from "../errors.ts";
import { fenceOf, holderPodIsGone, podIsGone } from "../evidence/fencing.ts";
import { addressIn, podName, renamed } from "../in-words.ts";
import type { Asker, HandOverFacts } from "./facts.ts";
import { forcedRelease, wayOfOtherWire } from "./other-wire.ts";

/** The taint with which an operator confirms that a machine is switched off (Kubernetes KEP-2268). */
const TAINT = "node.kubernetes.io/out-of-service=nodeshutdown:NoExecute";

/** The holder is no pod, or another interface of the asker's own container. */
export function heldByContainer(facts: HandOverFacts): IpamError {
  const { asker, holder, machine } = facts;
  const { container, ifname } = holder.attachment;
  if (container === asker.attachment.container && machine !== "other") {
    return new IpamError(
      "addressHeld",
      `address ${addressIn(facts.space, facts.address)} is held by interface ${ifname} of this same container`,
      "one address serves one interface: name the network or interface that it is for, " +
        `for example with the annotation kube-ipam.ip/${ifname}`,
    );
  }
  return new IpamError(
    "addressHeld",
    `address ${addressIn(facts.space, facts.address)} is held by container ${container} (interface ${ifname}) on ${place(facts)}, and that container is not a pod`,
    `choose another address, or stop that container; if it no longer exists, run ${forcedRelease(facts)}${wayOfOtherWire(facts)}`,
  );
}

/** The asking pod was deleted, replaced or finished while its ADD was running. */
export function notWanted({ address, asker }: Unwanted): IpamError {
  const { pod, podState } = asker;
  const state =
    typeof podState === "string" || (pod !== undefined && podIsGone(pod, podState))
      ? "is gone or was replaced"
      : podState.deleting
        ? "is being deleted"
        : "has finished";
  return new IpamError(
    "podGone",
    `pod ${pod ? podName(pod) : "(unknown)"}, which asks for address ${formatAddress(address)}, ${state}`,
    "nothing is allocated: no holder loses its address to a pod that is no longer wanted",
  );
}

interface Unwanted {
  readonly address: Address;
  readonly asker: Pick<Asker, "pod" | "podState">;
}

/** An earlier sandbox of the same pod on this node still holds the address. */
export function heldByOwnPod(facts: HandOverFacts): IpamError {
  const { attachment } = facts.holder;
  return new IpamError(
    "tryAgain",
    `address ${addressIn(facts.space, facts.address)} is still held by an earlier sandbox of this pod ${holderName(facts)} ` +
      `(container ${attachment.container} on ${place(facts)})`,
    `the runtime has not removed that sandbox yet (its DEL is due); once it has, the next try gets the address${unseen(facts)}`,
  );
}

/** The holder's pod is ending or gone, but its DEL did not come in time. */
export function heldOnLeaving(facts: HandOverFacts): IpamError {
  const { holder } = facts;
  return new IpamError(
    "tryAgain",
    `address ${addressIn(facts.space, facts.address)} is still held by pod ${holderName(facts)} on ${place(facts)}, and that pod ${leavingState(facts)}`,
    (isNamesake(facts)
      ? namesakes(facts)
      : nodeIsReady(facts)
        ? `node ${holder.node} has not removed the pod's sandbox yet (its DEL is due); once it has, the next try gets the address${unseen(facts)}`
        : `${nodeState(facts)}: ${waysOut(facts)}`) + wayOfOtherWire(facts),
  );
}

/** It is not known whether the holder has ended, or whether its node is dead. */
export function heldByUnknown(facts: HandOverFacts): IpamError {
  return new IpamError(
    "tryAgain",
    `address ${addressIn(facts.space, facts.address)} is held by pod ${holderName(facts)} on ${place(facts)}, and it is not known whether that pod has ended`,
    (isNamesake(facts)
      ? namesakes(facts)
      : facts.holder.node === facts.asker.node
        ? `${nodeState(facts)}, and the pod's network namespace may still exist: the address becomes free when that ` +
          `pod ends; if it is gone for certain, run ${forcedRelease(facts)}`
        : `${nodeState(facts)}: ${waysOut(facts)}`) + wayOfOtherWire(facts),
  );
}

/** The holder's pod runs. */
export function heldByRunningPod(facts: HandOverFacts): IpamError {
  const { holder, cluster } = facts;
  const where =
    cluster === "other" ? `node ${holder.node} of another cluster (${holder.cluster})` : place(facts);
  return new IpamError(
    "tryAgain",
    `address ${addressIn(facts.space, facts.address)} is held by the running pod ${holderName(facts)} on ${where}`,
    (cluster === "other"
      ? `kube-ipam never takes an address from another cluster: choose another address, or run ${forcedRelease(facts)}${renamed(holder.cluster)}`
      : "one address serves one pod at a time: it becomes free when that pod ends. In a rolling update the old pod must " +
        "end first: use strategy Recreate, or maxSurge 0; for several replicas, list one address for each in kube-ipam.ips") +
      wayOfOtherWire(facts),
  );
}

function place({ holder, ...facts }: HandOverFacts): string {
  return `node ${holder.node}${isNamesake({ holder, ...facts }) ? " (another machine of that name)" : ""}`;
}

/** Whether the holder is on another machine that was given this node's name. */
function isNamesake({ asker, cluster, holder, machine }: HandOverFacts): boolean {
  return cluster !== "other" && holder.node === asker.node && machine === "other";
}

function namesakes(facts: HandOverFacts): string {
  return (
    "only that machine can see whether the pod has ended: give each machine a name of its own (nodeName); " +
    `if the pod is gone for certain, or that machine was this one before it lost its dataDir, run ${forcedRelease(facts)}`
  );
}

/** The way out where this machine made the record, and cannot tell whether its namespace is gone. */
function unseen(facts: HandOverFacts): string {
  if (facts.machine === "other" || facts.namespaceState !== "unknown") return "";
  return (
    "; this node cannot see whether that sandbox's network namespace is gone (was the node restarted?): " +
    `if it is gone for certain, run ${forcedRelease(facts)}`
  );
}

function leavingState({ holder, holderPod }: HandOverFacts): string {
  if (typeof holderPod === "string") return "is gone";
  if (holderPodIsGone(holder, holderPod)) return "was replaced";
  return holderPod.deleting ? "is being deleted" : "has finished";
}

function nodeIsReady({ holderNode }: HandOverFacts): boolean {
  return typeof holderNode !== "string" && holderNode.ready === "true";
}

function nodeState(facts: HandOverFacts): string {
  const { holder, holderNode, holderPod, cluster, unknownBecause } = facts;
  if (cluster === "unknown") return "kube-ipam could not read the UID of this cluster";
  if (holderPod === "unknown") return unknownBecause ?? "kube-ipam could not ask Kubernetes about the pod";
  if (holderNode === "unknown")
    return unknownBecause ?? `kube-ipam could not ask Kubernetes about node ${holder.node}`;
  if (holderNode === "absent" && !holder.nodeVerified)
    return `Kubernetes has no Node named ${holder.node}, and never confirmed that the pod ran on a node of that name`;
  const pod = isPodThere(facts) ? ", but the pod is still there" : "";
  if (holderNode === "absent") return `node ${holder.node} is deleted${pod}`;
  const tainted = holderNode.outOfServiceTaint ? ` and tainted out-of-service${pod}` : "";
  return `node ${holder.node} is ${holderNode.ready === "true" ? "Ready" : "NotReady"}${tainted}`;
}

/** What an operator can do: whatever is missing for the holder to count as fenced, or a forced release. */
function waysOut(facts: HandOverFacts): string {
  const { cluster, holder, holderNode } = facts;
  const { node, nodeVerified, pod } = holder;
  const force = forcedRelease(facts);
  const ifCertain = "the pod's containers may still run. If that machine is switched off for certain, run ";
  if (cluster === "unknown" || (holderNode === "absent" && !nodeVerified)) return ifCertain + force;
  // A controller may yet prove the name of a Node that is there.
  if (fenceOf({ ...holder, nodeVerified: true }, holderNode) === undefined)
    return `${ifCertain}'kubectl delete node ${node}', or 'kubectl taint node ${node} ${TAINT}', or ${force}`;
  if (pod !== undefined && isPodThere(facts))
    return `the address becomes free once the pod is gone too: run 'kubectl delete pod --force --namespace ${pod.namespace} ${pod.name}', or ${force}`;
  return nodeVerified
    ? `kube-ipam hands the address over once Kubernetes answers; or run ${force}`
    : ifCertain + force;
}

function isPodThere({ holder, holderPod }: HandOverFacts): boolean {
  return typeof holderPod !== "string" && !holderPodIsGone(holder, holderPod);
}

function holderName({ holder }: HandOverFacts): string {
  return holder.pod ? podName(holder.pod) : "(unknown)";
}
