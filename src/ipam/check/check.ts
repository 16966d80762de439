import { equalAddresses, formatAddress, parseAddress } from "../../address/address.ts";
import { IpamError } from "../errors.ts";
import { allocationRefs, readAllocations } from "../free/free.ts";
import { describeAttachment } from "../in-words.ts";
import { recallStore } from "../integrity/identity.ts";
import { requireReady, verifyStore } from "../integrity/one-store.ts";
import { logOutside } from "../integrity/outside.ts";
import type { Ports } from "../ports.ts";
import type { AttachmentRecord } from "../records.ts";
import { likelyOf, refTo } from "../ref-to.ts";
import type { CheckRequest } from "../requests.ts";
import { sameAttachment } from "../same.ts";

/**
 * CHECK (CNI specification): requires that the store has this attachment, of this pod, on this node,
 * and that the previous result lists all of its addresses. Ignores addresses of other plugins in that
 * result.
 *
 * @throws IpamError checkMismatch. Not a mismatch: IpamError storeCannotWrite or tryAgain (ONE-STORE), and
 *   StoreFailure when the store cannot be read.
 */
export async function check(request: CheckRequest, ports: Ports): Promise<void> {
  const known = ports.node.journal.read(request.attachment);
  const node = known?.holder.node ?? ports.node.name;
  const ref = refTo.attachment(node, request.attachment, known && likelyOf(known));
  const options = { deadline: request.deadline };
  const { space } = request.network;
  const remembered = recallStore(space, ports);
  const snapshot = await ports.store.read({ refs: [refTo.meta, ref] }, options);
  // Runtimes take a mismatch as final, and the wrong store does not prove one.
  requireReady(verifyStore(snapshot, remembered, space, ports), false);
  const entry = snapshot.get(ref)?.record;
  if (entry === undefined) throw mismatch(request, "the store holds no record of it on this node");
  requireSamePod(request, entry);
  logOutside(request.network, entry, ports);
  for (const text of entry.addresses) requireExpected(request, text);
  const allocations = await readAllocations(entry, ports, options);
  for (const allocation of allocationRefs(entry)) {
    const holders = allocations.get(allocation)?.record.holders ?? [];
    if (holders.some((holder) => sameAttachment(holder.attachment, request.attachment))) continue;
    throw mismatch(request, `address ${formatAddress(allocation.address)} is not allocated to it`);
  }
}

function requireSamePod(request: CheckRequest, entry: AttachmentRecord): void {
  const recorded = entry.holder.pod;
  if (recorded?.uid === undefined || request.pod?.uid === undefined) return;
  if (recorded.uid === request.pod.uid) return;
  throw mismatch(request, `the attachment belongs to the pod of UID ${recorded.uid}, not ${request.pod.uid}`);
}

function requireExpected(request: CheckRequest, text: string): void {
  const address = parseAddress(text);
  if (request.expected.some((expected) => equalAddresses(expected, address))) return;
  const listed = request.expected.map(formatAddress).join(", ") || "none";
  throw mismatch(request, `the store says that it has ${text}, and prevResult lists ${listed}`);
}

function mismatch(request: CheckRequest, reason: string): IpamError {
  return new IpamError(
    "checkMismatch",
    `CHECK failed for ${describeAttachment(request.attachment)}: ${reason}`,
    "re-create the pod's sandbox; 'kube-ipam ip list' shows what the store holds",
  );
}
