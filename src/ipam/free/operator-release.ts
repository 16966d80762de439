import { type Address, formatAddress } from "../../address/address.ts";
import { recallStore } from "../integrity/identity.ts";
import { refuseNewer } from "../integrity/newer.ts";
import { verifyStore } from "../integrity/one-store.ts";
import { untilWon } from "../integrity/until-won.ts";
import { isHeldIn } from "../of-namespace.ts";
import type { Ports } from "../ports.ts";
import type { AllocationRecord, Holder } from "../records.ts";
import { refTo } from "../ref-to.ts";
import { sameAttachment, sameHolder } from "../same.ts";
import type { CallOptions, Put, Versioned } from "../store-port.ts";
import { free } from "./free.ts";
import { isHere, type ReasonToFree, reasonToFree } from "./reason-to-free.ts";

/** What an operator asks to release. */
export interface OperatorRelease {
  readonly space: string;
  readonly address: Address;
  /** Release without evidence: the operator answers for it. */
  readonly force: boolean;
  /** Only where this container holds the address; absent: every holder. */
  readonly container?: string;
  /** Only where a pod of this Kubernetes namespace of the own cluster holds the address. */
  readonly namespace?: string;
  readonly coolingSeconds: number;
}

/** One attachment that lost its addresses, and why. */
export interface Released {
  readonly holder: Holder;
  /** All addresses of the attachment: it is freed as a whole (ONE-STEP). */
  readonly addresses: readonly string[];
  readonly because: ReasonToFree;
}

/** Longest wait for a plugin run that works on the same attachment, in milliseconds. */
const LOCK_PATIENCE_MS = 5000;

/**
 * Frees the holders of an address for an operator. Without `force` only on EVIDENCE: the holder is on
 * this node, and its namespace is gone for certain or its DEL is kept here; or its node is fenced by live
 * reads, where Kubernetes is configured. Frees each holder only as it was judged, by request ID and
 * revision (ONLY-MINE), and judges a holder that changed again.
 *
 * @returns what it freed; empty when nobody holds the address.
 * @throws IpamError addressHeld without evidence; storeCannotWrite (ONE-STORE), tryAgain; StoreFailure.
 */
export async function releaseByOperator(
  request: OperatorRelease,
  ports: Ports,
  options: CallOptions,
): Promise<Released[]> {
  const done: Released[] = [];
  let meant: readonly Holder[] | undefined;
  await untilWon(`release ${formatAddress(request.address)}`, async () => {
    const allocation = await readAllocation(request, ports, options);
    meant ??= holdersMeant(request, allocation?.record, ports);
    const holders =
      allocation?.record.holders.filter((holder) => meant?.some((each) => sameHolder(each, holder))) ?? [];
    if (allocation === undefined || holders.length === 0) return true;
    const judged: Pick<Released, "holder" | "because">[] = [];
    for (const holder of holders)
      judged.push({ holder, because: await reasonToFree(request, holder, ports, options) });
    for (const { holder, because } of judged) {
      const addresses = await releaseHolder(request, holder, allocation, ports, options);
      if (addresses === undefined) return undefined;
      done.push({ holder, addresses, because });
    }
    return undefined;
  });
  return done;
}

/** The holders to free. A holder that gets the address later is not among them. */
function holdersMeant(
  { container, namespace }: OperatorRelease,
  record: AllocationRecord | undefined,
  { clusterNames }: Pick<Ports, "clusterNames">,
): readonly Holder[] {
  const holders = record?.holders ?? [];
  const of = namespace === undefined ? undefined : { namespace, clusterNames };
  return holders.filter(
    (holder) =>
      (container === undefined || holder.attachment.container === container) &&
      (of === undefined || isHeldIn(of, holder)),
  );
}

async function readAllocation({ space, address }: OperatorRelease, ports: Ports, options: CallOptions) {
  const ref = refTo.allocation(space, address);
  const remembered = recallStore(space, ports);
  const snapshot = await ports.store.read({ refs: [refTo.meta, ref] }, options);
  verifyStore(snapshot, remembered, space, ports);
  const allocation = snapshot.get(ref);
  if (allocation !== undefined)
    refuseNewer(allocation.record.version, `the allocation of ${formatAddress(address)}`);
  return allocation;
}

/** The addresses freed; undefined where the record changed since it was judged. */
async function releaseHolder(
  request: OperatorRelease,
  holder: Holder,
  allocation: Versioned<AllocationRecord>,
  ports: Ports,
  options: CallOptions,
): Promise<readonly string[] | undefined> {
  const { attachment: id, node, requestId } = holder;
  const lock = isHere(holder, ports) ? await lockOwn(holder, ports, options) : undefined;
  try {
    const freed = await free({ node, id, requestId }, request.coolingSeconds, ports, options);
    const named = freed?.addresses.includes(formatAddress(request.address)) === true;
    if (!named && !(await withoutEntry(request, holder, allocation, ports, options))) return undefined;
    if (isHere(holder, ports)) settle(holder, ports);
    return freed?.addresses ?? [formatAddress(request.address)];
  } finally {
    lock?.release();
  }
}

/** Cancels an ADD of this attachment that is running, as a DEL does. */
function lockOwn({ attachment }: Holder, ports: Ports, options: CallOptions) {
  const deadline = Math.min(options.deadline, performance.now() + LOCK_PATIENCE_MS);
  return ports.node.lock(attachment, { deadline, cancelling: true });
}

function settle({ attachment, requestId }: Holder, ports: Ports): void {
  ports.node.journal.remove(attachment, requestId);
  if (ports.node.keptReleases.of(attachment)?.requestId === requestId)
    ports.node.keptReleases.drop(attachment);
}

/**
 * Removes a holder from the allocation itself, where the holder has no attachment record (a record
 * repaired by hand).
 */
async function withoutEntry(
  { space, address }: OperatorRelease,
  { attachment, node }: Holder,
  allocation: Versioned<AllocationRecord>,
  ports: Ports,
  options: CallOptions,
): Promise<boolean> {
  const ref = refTo.allocation(space, address);
  const entryRef = refTo.attachment(node, attachment);
  const entry = (await ports.store.read({ refs: [entryRef] }, options)).get(entryRef);
  const holders = allocation.record.holders.filter(
    (holder) => !sameAttachment(holder.attachment, attachment),
  );
  const put: Put = { ref, record: { ...allocation.record, holders } };
  const outcome = await ports.store.commit(
    {
      guards: [
        { ref, revision: allocation.revision },
        { ref: entryRef, revision: entry?.revision ?? 0 },
      ],
      puts: holders.length > 0 ? [put] : [],
      deletes: holders.length > 0 ? [] : [ref],
    },
    options,
  );
  return outcome.won;
}
