import { IpamError } from "../errors.ts";
import { podName } from "../in-words.ts";
import { whyNotOfNode } from "../plan/own-store.ts";
import { enforcePolicy } from "../plan/policy.ts";
import type { Ports } from "../ports.ts";
import type { AddRequest } from "../requests.ts";

/**
 * Why this request gets nothing new, whatever the store holds; undefined where it may. Not thrown: an attachment keeps
 * what it has.
 *
 * @throws IpamError kubernetesRefused or tryAgain when the pool's policy cannot be judged (FAIL-CLOSED).
 */
export async function whyNothingNew(request: AddRequest, ports: Ports): Promise<IpamError | undefined> {
  const { network, pod, refusal } = request;
  return (
    refusal ??
    whyNotOfNode(pod, network, ports.store.description) ??
    foreignName(request, ports) ??
    (await policyRefusal(request, ports))
  );
}

/**
 * Why the pool's policy gives this request nothing new. Not thrown: addresses given out under an
 * earlier policy stay.
 */
async function policyRefusal(request: AddRequest, ports: Ports): Promise<IpamError | undefined> {
  try {
    await enforcePolicy(request, ports);
    return undefined;
  } catch (failure) {
    if (failure instanceof IpamError && failure.name === "addressNotAllowed") return failure;
    throw failure;
  }
}

/**
 * Why a node whose name is not its Node's gives nothing new: another machine may have that name, and fencing
 * would never free what is held under it.
 */
function foreignName({ pod, wish }: AddRequest, { node }: Ports): IpamError | undefined {
  const called = wish.pod?.nodeName ?? "";
  if (called === "" || called === node.name) return undefined;
  const name = pod === undefined ? "the pod" : `pod ${podName(pod)}`;
  return new IpamError(
    "invalidConfig",
    `this node is called '${node.name}' here, and Kubernetes calls the node of ${name} '${called}'`,
    `Kubernetes calls this node ${called}: set nodeName to '${called}' in the node's file, or $NODE_NAME where the runtime starts`,
  );
}
