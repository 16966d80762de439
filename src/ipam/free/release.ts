import { IpamError } from "../errors.ts";
import { suspecting } from "../integrity/thrown-back.ts";
import { locationOf } from "../journal-entry.ts";
import type { JournalEntry } from "../node-port.ts";
import type { Ports } from "../ports.ts";
import { type AttachmentId, type AttachmentRecord, RECORD_VERSION } from "../records.ts";
import { refTo } from "../ref-to.ts";
import type { DelRequest } from "../requests.ts";
import { type CallOptions, StoreFailure } from "../store-port.ts";
import { free } from "./free.ts";

/**
 * DEL (CNI specification, "DEL: Remove container from network"): frees whatever the attachment
 * holds. Succeeds when there is nothing to free. Never asks Kubernetes.
 *
 * First cancels an ADD of the same attachment that is running; that ADD undoes itself. When the store
 * cannot be used, keeps the release on disk and throws, unless the caller accepts a kept release
 * (`acceptKept`), or the store refuses it: what a person must put right, such as an account that was removed with
 * kube-ipam, no other try brings about, and the pod would not end before. Where the addresses are in another store than the one named, keeps it and succeeds. The
 * address then stays held until the runtime's next DEL or a later replay.
 *
 * @returns the freed addresses, or "kept".
 * @throws StoreFailure, or IpamError storeCannotWrite (ONE-STORE), tryAgain (lock).
 */
export async function release(request: DelRequest, ports: Ports): Promise<readonly string[] | "kept"> {
  const id = request.attachment;
  const lock = await ports.node.lock(id, { deadline: request.deadline, cancelling: true });
  try {
    const entry = ports.node.journal.read(id);
    const freed = await freeOrKeep(request, entry, ports);
    if (freed === "kept") return freed;
    ports.node.keptReleases.drop(id);
    ports.node.journal.remove(id);
    return freed;
  } finally {
    lock.release();
  }
}

async function freeOrKeep(
  request: DelRequest,
  entry: JournalEntry | undefined,
  ports: Ports,
): Promise<readonly string[] | "kept"> {
  const target = {
    node: entry?.holder.node ?? ports.node.name,
    id: request.attachment,
    ...(entry && { expected: { space: entry.space, addresses: entry.addresses } }),
  };
  try {
    const options = { deadline: request.deadline };
    const freed = await suspecting(
      () => free(target, request.coolingSeconds, ports, options),
      ports,
      options,
    );
    const found = freed ?? (await freeUnderFormerName(request, ports));
    if (found === undefined && (await isInOtherStore(entry, ports, options))) {
      if (keep(request.attachment, target.node, entry, ports)) return "kept";
    }
    return found?.addresses ?? [];
  } catch (failure) {
    const kept = worthKeeping(failure) && keep(request.attachment, target.node, entry, ports);
    if (
      kept &&
      failure instanceof StoreFailure &&
      (request.acceptKept === true || failure.kind === "refused")
    )
      return "kept";
    throw failure;
  }
}

/** The record of a node that had another name, where the journal does not tell it any more, or tells what an ADD meant to write. */
async function freeUnderFormerName(
  { attachment: id, coolingSeconds, deadline }: DelRequest,
  ports: Ports,
): Promise<AttachmentRecord | undefined> {
  for (const node of ports.node.formerNames()) {
    const ref = refTo.attachment(node, id);
    const record = (await ports.store.read({ refs: [ref] }, { deadline })).get(ref)?.record;
    if (record === undefined || ports.node.relationTo(record.holder) !== "this") continue;
    const { requestId } = record.holder;
    return free({ node, id, requestId }, coolingSeconds, ports, { deadline });
  }
  return undefined;
}

/**
 * Whether the journal says that the attachment's addresses are in another store than this one, which nobody
 * has begun: the runtime has asked with the rest of a configuration. Another verb, with the whole one, frees
 * them there.
 */
async function isInOtherStore(
  entry: JournalEntry | undefined,
  { store }: Ports,
  options: CallOptions,
): Promise<boolean> {
  if (entry?.storeLocation === undefined || entry.storeLocation === locationOf(store.description))
    return false;
  return (await store.read({ refs: [refTo.meta] }, options)).get(refTo.meta) === undefined;
}

function worthKeeping(failure: unknown): boolean {
  return (
    failure instanceof StoreFailure || (failure instanceof IpamError && failure.name === "storeCannotWrite")
  );
}

/** True when the release is safely on disk. */
function keep(id: AttachmentId, node: string, entry: JournalEntry | undefined, ports: Ports): boolean {
  try {
    ports.node.keptReleases.keep({
      version: RECORD_VERSION,
      attachment: id,
      node,
      ...(entry && { requestId: entry.holder.requestId, storeUuid: entry.storeUuid }),
    });
    return true;
  } catch (failure) {
    ports.log("error", "could not keep a DEL on disk for later", { reason: String(failure) });
    return false;
  }
}
