import { parseAddress } from "../../address/address.ts";
import { describeHolder, podName } from "../in-words.ts";
import { confirmedHere } from "../integrity/confirmed-here.ts";
import type { JournalEntry } from "../node-port.ts";
import { sameHolder } from "../same.ts";
import type { Scene } from "./scene.ts";
import type { AuditFinding } from "./types.ts";

/**
 * Finds addresses of this node's living attachments that the store has confirmed once and holds for others
 * now, or for nobody: it was thrown back, or somebody released them.
 */
export function findLost(scene: Scene): AuditFinding[] {
  const { here, meta, storeUuid = meta?.uuid } = scene;
  if (here === undefined || storeUuid === undefined) return [];
  return confirmedHere(storeUuid, here).flatMap((entry) =>
    entry.addresses.flatMap((text) => judge(text, entry, scene) ?? []),
  );
}

function judge(text: string, { space, holder }: JournalEntry, scene: Scene): AuditFinding | undefined {
  if (scene.isHeldByDamage(space, { address: parseAddress(text), text })) return undefined;
  const entry = scene.allocationsOf(text).find(({ ref }) => ref.space === space);
  const holders = entry?.record.holders ?? [];
  if (holders.some((other) => sameHolder(other, holder))) return undefined;
  const [other] = holders;
  const { attachment, node, pod, requestId } = holder;
  const base = {
    id: `lost ${space} ${text} ${requestId}`,
    space,
    address: text,
    ...(pod && { pods: [pod] }),
  };
  const living = `${describeHolder(holder)} lives and has ${text}`;
  if (other !== undefined) {
    const way = pod === undefined ? `container ${attachment.container}` : `pod ${podName(pod)}`;
    return {
      ...base,
      kind: "duplicate",
      reason: "held-by-other",
      holder: other,
      what: `${living}, but the address is held by ${describeHolder(other)}`,
      remedy: `end one of them; ${way} gets an address of its own when it is made again`,
    };
  }
  return {
    ...base,
    kind: "unknown",
    reason: "not-held",
    what: `${living}, but the store holds it for nobody`,
    remedy: `its agent on node ${node} writes it again, and so does 'kube-ipam recover'; if it was released on purpose, end that container`,
  };
}
