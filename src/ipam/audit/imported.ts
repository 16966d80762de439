import { formatAddress } from "../../address/address.ts";
import { IMPORTED } from "../free/adopt.ts";
import { describeHolderFully, podName } from "../in-words.ts";
import type { Holder } from "../records.ts";
import type { Entry } from "../store-port.ts";
import { isUnknownHolder } from "../unknown-holder.ts";
import { leakOf } from "./leaks.ts";
import { isForeign, isHere, type Scene } from "./scene.ts";
import type { AuditFinding, FindingReason } from "./types.ts";

type Allocation = Entry<"allocation">;

/** Finds what an import holds and no DEL will free: for a holder that is not known, or that no witness knows. */
export function findUnclaimed(scene: Scene): AuditFinding[] {
  return scene.records.allocations.flatMap((entry) =>
    entry.record.holders.flatMap((holder) => {
      if (isForeign(holder, scene) || leakOf(entry, holder, scene) !== undefined) return [];
      if (isUnknownHolder(holder)) return unknownHolder(entry, holder, scene);
      const why = doubtOf(entry, holder, scene);
      return why === undefined ? [] : [unclaimed(entry, holder, why)];
    }),
  );
}

/** Whether a witness says of an imported holder without a pod that it lives, or that it does not know it. */
export function isWitnessed(entry: Allocation, holder: Holder, scene: Scene): boolean {
  return isUnknownHolder(holder) || (isBare(holder) && witnessesOf(entry, holder, scene).length > 0);
}

/** An import knew only the container, and the node has not seen its namespace since. */
export function isBare({
  namespace,
  pod,
  requestId,
}: Pick<Holder, "namespace" | "pod" | "requestId">): boolean {
  return requestId.startsWith(IMPORTED) && pod === undefined && namespace.device === undefined;
}

function doubtOf(entry: Allocation, holder: Holder, scene: Scene): string | undefined {
  if (!isBare(holder)) return undefined;
  const witnesses = witnessesOf(entry, holder, scene);
  if (witnesses.length === 0 || witnesses.some(({ knows }) => knows)) return undefined;
  return witnesses.map(({ words }) => words).join(", and ");
}

interface Witness {
  readonly knows: boolean;
  readonly words: string;
}

/** One that knows the container is enough: not every container is a pod, nor every runtime's cache complete. */
function witnessesOf(entry: Allocation, holder: Holder, scene: Scene): Witness[] {
  const { live, runtime } = scene;
  const witnesses: Witness[] = [];
  if (isHere(holder, scene) && runtime?.trusted === true) {
    const words = "this node's runtime does not know that container (its CNI cache)";
    witnesses.push({ knows: runtime.knows(holder.attachment.container), words });
  }
  if (live !== undefined) {
    const knows = scene
      .podsShowing(formatAddress(entry.ref.address))
      .some(({ nodeName }) => nodeName === holder.node);
    witnesses.push({ knows, words: `no pod on node ${holder.node} shows the address` });
  }
  return witnesses;
}

function unclaimed(entry: Allocation, holder: Holder, why: string): AuditFinding {
  const address = formatAddress(entry.ref.address);
  return {
    ...base(entry, holder, "unclaimed"),
    what: `${address} was imported for ${describeHolderFully(holder)}, but ${why}`,
    remedy: `look with 'crictl pods' on node ${holder.node}; if that container is gone for certain, run '${release(address)}'`,
  };
}

function unknownHolder(entry: Allocation, holder: Holder, scene: Scene): AuditFinding {
  const address = formatAddress(entry.ref.address);
  const [pod] = scene.podsShowing(address);
  const shown =
    pod === undefined ? "" : `, and pod ${podName(pod)} on node ${pod.nodeName ?? "(none)"} shows it`;
  const when = pod === undefined ? "if nothing uses the address for certain" : "once that pod is gone";
  return {
    ...base(entry, holder, "unknown-holder"),
    what: `${address} was imported for ${describeHolderFully(holder)}: no DEL will free it${shown}`,
    remedy: `${when}, run '${release(address)}'`,
  };
}

function release(address: string): string {
  return `kube-ipam ip release --force ${address}`;
}

function base({ ref }: Allocation, holder: Holder, reason: FindingReason) {
  const address = formatAddress(ref.address);
  const { container, ifname } = holder.attachment;
  const id = `${reason} ${ref.space} ${address} ${holder.node} ${container} ${ifname}`;
  return { kind: "unknown" as const, reason, id, space: ref.space, address, holder };
}
