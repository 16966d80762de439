import { formatAddress, parseAddress } from "../../address/address.ts";
import { IpamError } from "../errors.ts";
import { type Owner, type OwnerRecord, RECORD_VERSION, SHARE_KIND } from "../records.ts";
import { refsAround, refTo } from "../ref-to.ts";
import { refuseNewerOwner } from "../reserve/ending-reservations.ts";
import type { Guard, Put, Snapshot, Versioned } from "../store-port.ts";
import type { Attempt } from "../view/attempt.ts";
import type { Candidate } from "../view/candidate.ts";

/** Addresses whose state is read at once: three parts each, well within the 128 of one read. */
const PER_READ = 40;

interface Claim {
  readonly guards: readonly Guard[];
  readonly puts: readonly Put[];
}

/**
 * Counts the chosen addresses against the namespace's share of the pool (`maxPerNamespace`), in the
 * ADD's own transaction. The record lists the namespace's addresses, and may list former ones: a DEL
 * does not change it. Only when the list is full is each address read (reservations count).
 *
 * @returns the guards and writes for the ADD's transaction; none without a quota.
 * @throws IpamError noFreeAddress naming the pool and its limit; StoreFailure.
 */
export async function claimShare(attempt: Attempt, candidates: readonly Candidate[]): Promise<Claim> {
  const { request, ports, options } = attempt;
  const { policy, space } = request.network;
  const most = policy?.maxPerNamespace;
  if (policy === undefined || most === undefined) return { guards: [], puts: [] };
  const namespace = request.pod?.namespace ?? "";
  const owner: Owner = { kind: SHARE_KIND, namespace, name: policy.pool };
  const ref = refTo.owner(space, owner);
  const present = (await ports.store.read({ refs: [ref] }, options)).get(ref);
  if (present !== undefined) refuseNewerOwner(present.record);
  const wanted = candidates.map(({ address }) => formatAddress(address));
  const addresses = await roomFor(wanted, present, most, namespace, attempt);
  if (addresses === undefined) throw shareUsed(policy.pool, namespace, most);
  const record: OwnerRecord = { version: RECORD_VERSION, owner, addresses };
  return { guards: [{ ref, revision: present?.revision ?? 0 }], puts: [{ ref, record }] };
}

async function roomFor(
  wanted: readonly string[],
  present: Versioned<OwnerRecord> | undefined,
  most: number,
  namespace: string,
  attempt: Attempt,
): Promise<string[] | undefined> {
  const listed = present?.record.addresses ?? [];
  const together = [...new Set([...listed, ...wanted])];
  if (together.length <= most) return together;
  const still = await stillTheirs(listed, namespace, attempt);
  const again = [...new Set([...still, ...wanted])];
  return again.length <= most ? again : undefined;
}

async function stillTheirs(
  listed: readonly string[],
  namespace: string,
  attempt: Attempt,
): Promise<string[]> {
  const { ports, request, options } = attempt;
  const theirs: string[] = [];
  for (let start = 0; start < listed.length; start += PER_READ) {
    const part = listed.slice(start, start + PER_READ);
    const refs = part.flatMap((text) => refsAround(request.network.space, parseAddress(text)));
    const snapshot = await ports.store.read({ refs }, options);
    theirs.push(...part.filter((text) => belongsTo(namespace, text, request.network.space, snapshot)));
  }
  return theirs;
}

function belongsTo(namespace: string, text: string, space: string, snapshot: Snapshot): boolean {
  const [allocationRef, reservationRef] = refsAround(space, parseAddress(text));
  const holders = snapshot.get(allocationRef)?.record.holders ?? [];
  if (holders.some(({ pod }) => (pod?.namespace ?? "") === namespace)) return true;
  return snapshot.get(reservationRef)?.record.owner.namespace === namespace;
}

function shareUsed(pool: string, namespace: string, most: number): IpamError {
  return new IpamError(
    "noFreeAddress",
    `namespace '${namespace}' already has its ${most} addresses of pool '${pool}'`,
    "the pool's maxPerNamespace counts reservations too ('kube-ipam ip list --namespace' shows them): end some, or ask an administrator to raise it",
  );
}
