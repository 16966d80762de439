import { clusterOfRecords } from "../cluster-names.ts";
import { IpamError } from "../errors.ts";
import { describeAttachment } from "../in-words.ts";
import type { AttachmentLock } from "../node-port.ts";
import type { Ports } from "../ports.ts";
import type { Holder, NamespaceId, PodId } from "../records.ts";
import type { AddRequest } from "../requests.ts";
import type { CallOptions } from "../store-port.ts";

/** One running ADD: what stays the same over all its tries. */
export interface Attempt {
  readonly request: AddRequest;
  readonly ports: Ports;
  readonly requestId: string;
  /** The namespace as it was when the ADD began. */
  readonly namespace: NamespaceId;
  readonly lock: AttachmentLock;
  readonly options: CallOptions;
  /** Addresses of the journal, as one text, that were asked for before, and that nobody gets late any more. */
  readonly forestalled: Set<string>;
  /** Why this request gets nothing new. */
  readonly refusal?: IpamError;
}

/**
 * Identifies the request's network namespace. An ADD needs a living one from its beginning to its end:
 * nobody would hold an address in a dead one.
 *
 * @throws IpamError invalidEnvironment when nothing is at the path.
 */
export function requireNamespace(request: AddRequest, ports: Ports): NamespaceId {
  const namespace = ports.node.identifyNamespace(request.namespacePath);
  if (namespace !== undefined) return namespace;
  throw new IpamError(
    "invalidEnvironment",
    `CNI_NETNS '${request.namespacePath}' does not exist`,
    "kube-ipam gives an address only to a network namespace that exists; the runtime must create it before ADD",
  );
}

/**
 * Requires that no DEL has come, that the caller still waits, and that the network namespace exists.
 * An ADD checks this just before and just after its commit: a runtime that gives up leaves this process
 * running, and its DEL may have ended already.
 *
 * @throws IpamError tryAgain after a DEL or at the process's end, invalidEnvironment when the namespace is gone.
 */
export function requireStillWanted(attempt: Attempt): void {
  const { request, ports, lock, namespace } = attempt;
  if (lock.cancelled()) {
    throw new IpamError(
      "tryAgain",
      `ADD of ${describeAttachment(request.attachment)} was cancelled by a DEL`,
      "the DEL came while the ADD was running, and the DEL wins; nothing is allocated",
    );
  }
  if (request.ending?.aborted) {
    throw new IpamError(
      "tryAgain",
      "the plugin was asked to end before it had answered",
      "nothing is allocated; try again",
    );
  }
  if (ports.node.namespaceState({ namespace, bootId: ports.node.bootId }) === "present") return;
  const now = ports.node.identifyNamespace(request.namespacePath);
  if (now !== undefined && now.device === namespace.device && now.inode === namespace.inode) return;
  throw new IpamError(
    "invalidEnvironment",
    `CNI_NETNS '${request.namespacePath}' disappeared while the ADD was running`,
    "nothing is allocated; the runtime removed the sandbox",
  );
}

/** The asker, as the store will record it. */
export function holderOf(attempt: Attempt): Holder {
  const { request, ports, requestId, namespace } = attempt;
  const pod = podOf(attempt);
  return {
    attachment: request.attachment,
    ...(pod && { pod }),
    node: ports.node.name,
    nodeVerified: isScheduledHere(attempt),
    bootId: ports.node.bootId,
    machine: ports.node.machineId(),
    namespace,
    requestId,
    ...clusterOfRecords(ports),
  };
}

/**
 * The asking pod. Old runtimes do not pass its UID: then the pod read from Kubernetes has it, if that
 * pod is on this node. The UID of a mirror is not that of its static pod.
 */
function podOf(attempt: Attempt): PodId | undefined {
  const { pod, wish } = attempt.request;
  if (pod === undefined || pod.uid !== undefined || wish.pod?.mirror !== false) return pod;
  return isScheduledHere(attempt) ? { ...pod, uid: wish.pod.uid } : pod;
}

function isScheduledHere({ ports, request }: Attempt): boolean {
  const scheduledTo = request.wish.pod?.nodeName;
  return scheduledTo !== undefined && scheduledTo === ports.node.name;
}
