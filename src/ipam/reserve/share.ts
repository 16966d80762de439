import { parseAddress } from "../../address/address.ts";
import { IpamError } from "../errors.ts";
import type { Ports } from "../ports.ts";
import { type Owner, type OwnerRecord, RECORD_VERSION, SHARE_KIND } from "../records.ts";
import { refsAround, refTo } from "../ref-to.ts";
import type { CallOptions, Guard, Put, Snapshot, Versioned } from "../store-port.ts";
import { refuseNewerOwner } from "./ending-reservations.ts";

/** How many addresses of an address space a Kubernetes namespace may have, and what counts. */
export interface Share {
  readonly space: string;
  readonly namespace: string;
  readonly most: number;
  /** The pool whose addresses count, held or reserved; absent: what operators' requests of the namespace reserved. */
  readonly pool?: string;
}

/** What a transaction guards and writes, so that the share is never exceeded. */
export interface ShareClaim {
  readonly guards: readonly Guard[];
  readonly puts: readonly Put[];
}

/** Addresses whose state is read at once: three parts each, well within the 128 of one read. */
const PER_READ = 40;

/** No pool can be called so. */
const RESERVED = "(reserved)";

/**
 * Counts addresses against a share, in the transaction that takes them. The record lists the namespace's
 * addresses, and may list former ones: what frees or ends them does not change it. Only when the list is full is
 * each address read (reservations count).
 *
 * @param known the record as it was last written, where the caller knows; else it is read.
 * @throws IpamError noFreeAddress naming the share and its limit; StoreFailure.
 */
export async function claimShare(
  share: Share,
  wanted: readonly string[],
  { store }: Pick<Ports, "store">,
  options: CallOptions,
  known?: Versioned<OwnerRecord>,
): Promise<ShareClaim> {
  const owner: Owner = { kind: SHARE_KIND, namespace: share.namespace, name: share.pool ?? RESERVED };
  const ref = refTo.owner(share.space, owner);
  const present = known ?? (await store.read({ refs: [ref] }, options)).get(ref);
  if (present !== undefined) refuseNewerOwner(present.record);
  const listed = present?.record.addresses ?? [];
  let addresses = [...new Set([...listed, ...wanted])];
  if (addresses.length > share.most) {
    const still = await stillTheirs(listed, share, store, options);
    addresses = [...new Set([...still, ...wanted])];
    if (addresses.length > share.most) throw shareUsed(share);
  }
  const record: OwnerRecord = { version: RECORD_VERSION, owner, addresses };
  return { guards: [{ ref, revision: present?.revision ?? 0 }], puts: [{ ref, record }] };
}

async function stillTheirs(
  listed: readonly string[],
  share: Share,
  store: Ports["store"],
  options: CallOptions,
): Promise<string[]> {
  const theirs: string[] = [];
  for (let start = 0; start < listed.length; start += PER_READ) {
    const part = listed.slice(start, start + PER_READ);
    const refs = part.flatMap((text) => refsAround(share.space, parseAddress(text)));
    const snapshot = await store.read({ refs }, options);
    theirs.push(...part.filter((text) => counts(text, share, snapshot)));
  }
  return theirs;
}

function counts(text: string, { namespace, pool, space }: Share, snapshot: Snapshot): boolean {
  const [allocationRef, reservationRef] = refsAround(space, parseAddress(text));
  const reservation = snapshot.get(reservationRef)?.record;
  const reserved = reservation?.owner.namespace === namespace;
  if (pool === undefined) return reserved && reservation.kind === "operator";
  const holders = snapshot.get(allocationRef)?.record.holders ?? [];
  return reserved || holders.some((holder) => (holder.pod?.namespace ?? "") === namespace);
}

function shareUsed({ most, namespace, pool, space }: Share): IpamError {
  if (pool === undefined)
    return new IpamError(
      "noFreeAddress",
      `namespace '${namespace}' already has its ${most} reservations in address space '${space}'`,
      "end some ('kubectl ipam list' shows them), or ask an operator with the right to reserve in all namespaces",
    );
  return new IpamError(
    "noFreeAddress",
    `namespace '${namespace}' already has its ${most} addresses of pool '${pool}'`,
    "the pool's maxPerNamespace counts reservations too ('kube-ipam ip list --namespace' shows them): end some, or ask an administrator to raise it",
  );
}
