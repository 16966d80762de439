import type { PodFacts } from "../cluster-port.ts";
import type { ShownAddress } from "../evidence/network-status.ts";
import { describeHolder, podName } from "../in-words.ts";
import type { Holder, PodId } from "../records.ts";
import { UNKNOWN } from "../unknown-holder.ts";
import { areOneMachine, isHolder, mayLive, type Scene } from "./scene.ts";
import type { AuditFinding } from "./types.ts";

/** A pod that shows an address of a known network. */
interface Claim {
  readonly pod: PodFacts;
  readonly shown: ShownAddress;
  readonly space: string;
  /** The store's holder: this pod, or a container of its node that may be the pod's, or neither. */
  readonly held: "pod" | "container" | "not";
}

/** Finds addresses that live pods show and the store does not hold for them, and those that two pods show. */
export function findUnheld(scene: Scene): AuditFinding[] {
  const claims = (scene.live?.pods ?? []).flatMap((pod) => claimsOf(pod, scene));
  const groups = Map.groupBy(claims, ({ space, shown }) => `${space} ${shown.text}`);
  return [...groups.values()].flatMap((group) => judge(group, scene) ?? []);
}

/**
 * The claims of one pod. The status of a finished pod still lists its addresses, and so does that of a
 * pod being deleted whose DEL has come: the first claims nothing, the second only what the store still
 * holds for it.
 */
function claimsOf(pod: PodFacts, scene: Scene): Claim[] {
  if (pod.finished) return [];
  return scene.shown(pod).flatMap((shown): Claim[] => {
    const allocations = scene.allocationsOf(shown.text);
    const own = allocations.find(({ record }) => record.holders.some((holder) => isHolder(pod, holder)));
    if (own !== undefined) return [{ pod, shown, space: own.ref.space, held: "pod" }];
    const imported = allocations.find(({ record }) => record.holders.some((holder) => mayBeOf(pod, holder)));
    if (imported !== undefined) return [{ pod, shown, space: imported.ref.space, held: "container" }];
    const [space] = scene.spacesOf(shown);
    if (space === undefined || pod.deleting || scene.isHeldByDamage(space, shown)) return [];
    return [{ pod, shown, space, held: "not" }];
  });
}

/**
 * Whether a holder without a pod may be this pod's container. Records imported from another plugin name
 * only a container.
 */
function mayBeOf({ nodeName }: PodFacts, { node, pod }: Holder): boolean {
  return pod === undefined && (node === nodeName || node === UNKNOWN);
}

function judge(claims: readonly Claim[], scene: Scene): AuditFinding | undefined {
  const first = claims.find(({ held }) => held === "not") ?? claims.find(({ held }) => held === "container");
  if (first === undefined) return undefined;
  if (claims.length > 1)
    return areOneMachine(claims.map(({ pod }) => pod)) ? undefined : shownByTwo(claims, first);
  if (first.held === "container") return undefined;
  const holder = scene
    .allocationsOf(first.shown.text)
    .find(({ ref }) => ref.space === first.space)
    ?.record.holders.find((candidate) => mayLive(candidate, scene));
  return holder === undefined ? notHeld(first) : heldByOther(first, holder);
}

function shownByTwo(claims: readonly Claim[], first: Claim): AuditFinding {
  const pods = claims.map(({ pod }) => pod);
  return {
    ...base(first, "shown-by-two", pods),
    kind: "duplicate",
    what: `${claims.length} pods show ${first.shown.text} in their status: ${claims.map(described).join("; ")}`,
    remedy: "delete those that the store does not hold it for: their controllers create new ones",
  };
}

function heldByOther(claim: Claim, holder: Holder): AuditFinding {
  return {
    ...base(claim, "held-by-other", [claim.pod]),
    kind: "duplicate",
    holder,
    what: `${nameOf(claim)} shows ${claim.shown.text} in its status, but the address is held by ${describeHolder(holder)}`,
    remedy: `delete ${nameOf(claim)}: its controller creates a new one, with an address of its own`,
  };
}

function notHeld(claim: Claim): AuditFinding {
  return {
    ...base(claim, "not-held", [claim.pod]),
    kind: "unknown",
    what: `${nameOf(claim)} on node ${claim.pod.nodeName ?? "(none)"} shows ${claim.shown.text} in its status, but the store holds it for nobody`,
    remedy:
      `reserve it before another pod gets it: 'kube-ipam ip reserve ${claim.shown.text} --for ${podName(claim.pod)}'; ` +
      "then delete the pod, or recover the store's records ('kube-ipam recover')",
  };
}

function base(
  { shown, space }: Claim,
  reason: "shown-by-two" | "held-by-other" | "not-held",
  pods: readonly PodFacts[],
) {
  const ids = pods.map(({ namespace, name, uid }): PodId => ({ namespace, name, uid }));
  const uids = pods.map(({ uid }) => uid).sort();
  return {
    reason,
    id: `${reason} ${space} ${shown.text} ${uids.join()}`,
    space,
    address: shown.text,
    pods: ids,
  };
}

function described(claim: Claim): string {
  return `${nameOf(claim)} on node ${claim.pod.nodeName ?? "(none)"}${claim.held === "pod" ? " (the store holds it for this pod)" : ""}`;
}

function nameOf({ pod }: Claim): string {
  return `pod ${podName(pod)}`;
}
