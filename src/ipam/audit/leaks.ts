import { formatAddress } from "../../address/address.ts";
import type { PodFacts } from "../cluster-port.ts";
import { fenceOf, isFenced, podIsGone } from "../evidence/fencing.ts";
import { describeHolderFully } from "../in-words.ts";
import type { Holder } from "../records.ts";
import type { Entry } from "../store-port.ts";
import { isUnknownHolder } from "../unknown-holder.ts";
import { isForeign, isHere, livePod, type Scene } from "./scene.ts";
import type { AuditFinding, FindingReason } from "./types.ts";

/** Finds allocations whose holder is gone, according to its node or to Kubernetes. */
export function findLeaks(scene: Scene): AuditFinding[] {
  const { allocations } = scene.records;
  const groups = Map.groupBy(
    allocations.flatMap((entry) => entry.record.holders.map((holder) => ({ entry, holder }))),
    ({ holder }) => interfaceOf(holder),
  );
  return allocations.flatMap((entry) =>
    entry.record.holders.flatMap((holder) => {
      const beside = groups.get(interfaceOf(holder)) ?? [];
      return leakOf(entry, holder, scene) ?? sandboxOf(entry, holder, beside, scene) ?? [];
    }),
  );
}

/** Whether a witness can tell if this holder is gone. */
export function isJudged(holder: Holder, scene: Scene): boolean {
  if (isForeign(holder, scene)) return false;
  if (scene.live !== undefined && holder.pod !== undefined) return true;
  return isHere(holder, scene) && scene.here?.namespaceState(holder) !== "unknown";
}

/** The leak that a holder is; undefined where no witness says that it is gone. */
export function leakOf(entry: Entry<"allocation">, holder: Holder, scene: Scene): AuditFinding | undefined {
  if (isForeign(holder, scene)) return undefined;
  if (isHere(holder, scene) && scene.here?.namespaceState(holder) === "gone")
    return leak(entry, holder, scene, "namespace-gone", "its network namespace is gone");
  const live = scene.pod(holder);
  if (holder.pod === undefined || live === "unknown") return undefined;
  if (live === "absent") return leak(entry, holder, scene, "pod-gone", "that pod is gone");
  if (podIsGone(holder.pod, live))
    return leak(entry, holder, scene, "pod-replaced", `that pod was replaced (now ${live.uid})`);
  if (live.finished) return leak(entry, holder, scene, "pod-finished", "that pod has finished");
  return elsewhere(entry, holder, live, scene);
}

/** Judges a holder whose pod is on a node of another name. A pod that shows the address has it. */
function elsewhere(
  entry: Entry<"allocation">,
  holder: Holder,
  live: PodFacts,
  scene: Scene,
): AuditFinding | undefined {
  const { nodeName } = live;
  if (nodeName === undefined || nodeName === holder.node || isUnknownHolder(holder)) return undefined;
  if (!shows(live, entry, scene))
    return leak(entry, holder, scene, "pod-elsewhere", `that pod is on node ${nodeName}`);
  return {
    ...base(entry, holder, "node-name"),
    kind: "unknown",
    what: `${described(entry, holder)}, but Kubernetes calls that node ${nodeName}`,
    remedy: `set nodeName to '${nodeName}' in that node's file: until then, no address held there can be freed by fencing`,
  };
}

/** Judges several sandboxes of one pod: the pod's status shows only the last one's interface. */
function sandboxOf(
  entry: Entry<"allocation">,
  holder: Holder,
  beside: readonly { readonly entry: Entry<"allocation">; readonly holder: Holder }[],
  scene: Scene,
): AuditFinding | undefined {
  const live = isForeign(holder, scene) ? undefined : livePod(holder, scene);
  if (live === undefined) return undefined;
  const others = beside.filter((other) => other.holder.attachment.container !== holder.attachment.container);
  const own = beside.filter((other) => other.holder.attachment.container === holder.attachment.container);
  if (others.length === 0 || own.some((mine) => shows(live, mine.entry, scene))) return undefined;
  const current = others.find((other) => shows(live, other.entry, scene));
  if (current !== undefined) {
    const why = `that pod now has ${formatAddress(current.entry.ref.address)} in its sandbox ${current.holder.attachment.container}`;
    return leak(entry, holder, scene, "earlier-sandbox", why);
  }
  return {
    ...base(entry, holder, "several-sandboxes"),
    kind: "unknown",
    what: `${described(entry, holder)}, and other sandboxes of that pod hold addresses for the same interface; the pod's status shows none of them`,
    remedy: `run 'crictl pods' on node ${holder.node} to see which sandbox lives; the other one's DEL is due`,
  };
}

function shows(pod: PodFacts, { ref }: Entry<"allocation">, scene: Scene): boolean {
  const text = formatAddress(ref.address);
  return scene.shown(pod).some((shown) => shown.text === text);
}

function leak(
  entry: Entry<"allocation">,
  holder: Holder,
  scene: Scene,
  reason: FindingReason,
  why: string,
): AuditFinding {
  const facts = {
    holder: scene.verified(holder),
    holderPod: scene.pod(holder),
    holderNode: scene.node(holder),
  };
  const fenced = isFenced(facts);
  return {
    ...base(entry, holder, reason),
    kind: "leak",
    fenced,
    what: `${described(entry, holder)}, but ${why}`,
    remedy: remedyOf(formatAddress(entry.ref.address), holder, reason, fenced, scene),
  };
}

function remedyOf(
  address: string,
  holder: Holder,
  reason: FindingReason,
  fenced: boolean,
  scene: Scene,
): string {
  if (reason === "namespace-gone") return "'kube-ipam gc' frees it";
  if (fenced) return fencedRemedy(holder, scene);
  const force = `if that container is gone for certain, run 'kube-ipam ip release --force ${address}'`;
  if (isUnknownHolder(holder)) return `no DEL comes from it: ${force}`;
  const node = scene.node(holder);
  if (typeof node !== "string" && node.ready !== "true")
    return `node ${holder.node} is NotReady and not fenced: delete the Node or taint it out-of-service; ${force}`;
  return `its DEL is due on node ${holder.node}; 'kube-ipam gc' there frees it once its network namespace is gone; ${force}`;
}

function fencedRemedy(holder: Holder, scene: Scene): string {
  if (fenceOf(scene.verified(holder), scene.node(holder)) === "rebooted")
    return `node ${holder.node} was rebooted: its plugin, the controller, or 'kube-ipam gc' on that node frees it`;
  return "its node is fenced: the controller or 'kube-ipam gc' frees it";
}

function base({ ref }: Entry<"allocation">, holder: Holder, reason: FindingReason) {
  const address = formatAddress(ref.address);
  const id = `${reason} ${ref.space} ${address} ${holder.requestId} ${holder.attachment.container}`;
  return { reason, id, space: ref.space, address, holder };
}

function described({ ref }: Entry<"allocation">, holder: Holder): string {
  return `${formatAddress(ref.address)} is held by ${describeHolderFully(holder)}`;
}

function interfaceOf({ attachment, node, pod }: Holder): string {
  const whose = pod === undefined ? ["", "", attachment.container] : [pod.namespace, pod.name, pod.uid ?? ""];
  return JSON.stringify([node, attachment.network, attachment.ifname, ...whose]);
}
