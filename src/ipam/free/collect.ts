import { IpamError } from "../errors.ts";
import { mayFree } from "../evidence/may-free.ts";
import { pastDamage } from "../integrity/damage.ts";
import { recallStore } from "../integrity/identity.ts";
import { verifyForRelease } from "../integrity/one-store.ts";
import type { Ports } from "../ports.ts";
import type { AttachmentId } from "../records.ts";
import { refTo } from "../ref-to.ts";
import type { GcRequest } from "../requests.ts";
import { free } from "./free.ts";

/**
 * GC (CNI specification 1.1.0): frees this node's attachments of this network that are not in the
 * list, and only if their network namespace is gone (EVIDENCE). A failure does not stop the rest; the
 * error at the end names all failures. An attachment whose record is damaged stays as it is.
 *
 * @throws StoreFailure when the records cannot be listed; IpamError storeCannotWrite (ONE-STORE), tryAgain
 *   naming the attachments that it could not free.
 */
export async function collect(request: GcRequest, ports: Ports): Promise<void> {
  const options = pastDamage({ deadline: request.deadline }, ports);
  const scope = { kind: "attachment", node: ports.node.name, network: request.network } as const;
  const failures: string[] = [];
  const valid = new Set(request.valid.map(nameOf));
  await requireOwnStore(request, ports);
  for await (const { ref, record } of ports.store.list(scope, options)) {
    if (valid.has(nameOf(record.holder.attachment)) || !mayFree(record.holder, ports)) continue;
    try {
      const target = { node: ref.node, id: ref.id, requestId: record.holder.requestId };
      await free(target, request.coolingSeconds, ports, options);
      ports.node.journal.remove(ref.id, record.holder.requestId);
    } catch (failure) {
      failures.push(
        `${ref.id.container}/${ref.id.ifname}: ${failure instanceof Error ? failure.message : String(failure)}`,
      );
    }
  }
  if (failures.length > 0) {
    throw new IpamError("tryAgain", `could not free ${failures.length} attachments`, failures.join("; "));
  }
}

async function requireOwnStore({ deadline, space }: GcRequest, ports: Ports): Promise<void> {
  const remembered = recallStore(space, ports);
  const snapshot = await ports.store.read({ refs: [refTo.meta] }, { deadline });
  verifyForRelease(snapshot, remembered, space, ports);
}

/** A container's ID has no blank. */
function nameOf({ container, ifname }: Pick<AttachmentId, "container" | "ifname">): string {
  return `${container} ${ifname}`;
}
