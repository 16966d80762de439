import { type Address, formatAddress, parseAddress } from "../../address/address.ts";
import { whyNotAllowed } from "../../address/not-allowed.ts";
import type { OwnerFacts } from "../cluster-port.ts";
import { isOwnCluster } from "../cluster-relation.ts";
import { doubt } from "../evidence/live-read.ts";
import { describeOwner, podName } from "../in-words.ts";
import { isDamage, warnOfDamage } from "../integrity/damage.ts";
import { addressesAt, placeOf } from "../place.ts";
import { type AllocationRecord, type OwnerRecord, RECORD_VERSION, type Ref, type RefOf } from "../records.ts";
import { refKey } from "../ref-key.ts";
import { refTo } from "../ref-to.ts";
import { sameHolder, sameOwner } from "../same.ts";
import type { Guard, Put, Snapshot, Versioned } from "../store-port.ts";
import type { Attempt } from "../view/attempt.ts";
import type { Candidate } from "../view/candidate.ts";
import { ownRef, type View } from "../view/view.ts";
import { unasked } from "./still-asked.ts";

/** How many former addresses one ADD looks at; the next one of the place goes on. */
const MOST = 16;

/** What an ADD ends besides what it gives: reservations that its place of its owner has no use for any more. */
export interface Superseded {
  readonly guards: readonly Guard[];
  readonly puts: readonly Put[];
  readonly deletes: readonly Ref[];
  /** The owner's record, which loses `gone`; absent where nothing ends. */
  readonly owner?: Versioned<OwnerRecord> & { readonly ref: RefOf<"owner"> };
  /** Addresses whose reservations end now. */
  readonly gone: readonly string[];
  /** For people, each a sentence. */
  readonly told: readonly string[];
}

const NOTHING: Superseded = { guards: [], puts: [], deletes: [], gone: [], told: [] };

/**
 * What the asker's place of its owner had before and does not get now: a pod that names another address, or none any
 * more; a sticky address that can no longer be given. Its reservation ends in the ADD's own transaction; where
 * somebody still holds the address, with that holder. `keep` and operators' reservations stay (docs/design.md
 * section 5).
 *
 * Never stops the ADD: what cannot be told now ends another time.
 *
 * @throws StoreFailure.
 */
export async function superseded(
  attempt: Attempt,
  view: View,
  candidates: readonly Candidate[],
): Promise<Superseded> {
  const asker = await askerOf(attempt, view);
  if (asker === undefined || asker.owner.record.version > RECORD_VERSION) return NOTHING;
  const place = placeOf(attempt.request.attachment, asker.facts);
  const given = new Set(candidates.map(({ address }) => formatAddress(address)));
  const former = addressesAt(asker.owner.record, place)
    .filter((text) => !given.has(text))
    .slice(0, MOST)
    .map(parseAddress);
  if (former.length === 0) return NOTHING;
  const owner = asker.facts.owner;
  // Of a pod that comes back, this ADD is the whole wish; others share their owner's addresses.
  const ending = place.slot === undefined ? await unasked(attempt, view, owner, former) : former;
  if (ending.length === 0) return NOTHING;
  try {
    return await endAll(attempt, { ...asker, given: candidates }, ending);
  } catch (failure) {
    if (!isDamage(failure)) throw failure;
    warnOfDamage(failure, attempt.ports);
    return NOTHING;
  }
}

interface AskingOwner {
  readonly facts: OwnerFacts;
  readonly owner: Versioned<OwnerRecord> & { readonly ref: RefOf<"owner"> };
}

/** The asker's owner and its record. A pod that asks for nothing has its owner looked up only where a record may be its. */
async function askerOf(attempt: Attempt, view: View): Promise<AskingOwner | undefined> {
  const { attachment, network, wish } = attempt.request;
  const asking = wish.owner;
  if (asking !== undefined) {
    if (view.owner === undefined || !sameOwner(view.owner.record.owner, asking.owner)) return undefined;
    return { facts: asking, owner: { ...view.owner, ref: refTo.owner(network.space, asking.owner) } };
  }
  const records = view.formerOwners.filter(({ record }) =>
    Object.values(record.places ?? {}).some(
      (place) => place.network === attachment.network && place.ifname === attachment.ifname,
    ),
  );
  const facts = records.length === 0 ? undefined : await lookUpOwner(attempt);
  const ref = facts && refTo.owner(network.space, facts.owner);
  const owner =
    ref && records.find(({ record }) => refKey(refTo.owner(network.space, record.owner)) === refKey(ref));
  if (facts === undefined || ref === undefined || owner === undefined) return undefined;
  return sameOwner(owner.record.owner, facts.owner) ? { facts, owner: { ...owner, ref } } : undefined;
}

const PATIENCE_MS = 3_000;

async function lookUpOwner({ ports, request, options }: Attempt): Promise<OwnerFacts | undefined> {
  const { pod, wish } = request;
  if (pod === undefined || ports.cluster === undefined) return undefined;
  const { cluster } = ports;
  const deadline = Math.min(options.deadline, performance.now() + PATIENCE_MS);
  try {
    const facts = wish.pod ?? (await cluster.pod(pod, deadline));
    if (facts === undefined || (pod.uid !== undefined && wish.pod === undefined && facts.uid !== pod.uid))
      return undefined;
    return await cluster.ownerOf(facts, deadline);
  } catch (failure) {
    doubt(failure);
    return undefined;
  }
}

interface Ending extends AskingOwner {
  readonly given: readonly Candidate[];
}

async function endAll(attempt: Attempt, asker: Ending, ending: readonly Address[]): Promise<Superseded> {
  const { ports, request, options } = attempt;
  const { space } = request.network;
  const refs = ending.flatMap((address) => [
    refTo.reservation(space, address),
    refTo.allocation(space, address),
  ]);
  const snapshot = await ports.store.read({ refs }, options);
  const evicted = asker.given.flatMap(({ evictions }) => evictions).map(({ holder }) => holder);
  const parts: Superseded[] = [];
  for (const address of ending) {
    const allocation = snapshot.get(refTo.allocation(space, address));
    const holders = allocation?.record.holders ?? [];
    // What this very transaction frees, it must not write twice.
    if (holders.some((holder) => evicted.some((each) => sameHolder(each, holder)))) continue;
    const standing = standingOf(attempt, asker, snapshot, address);
    if (standing === "stays") continue;
    parts.push(
      standing === "not ours" || allocation === undefined
        ? endNow(attempt, asker, snapshot, { address, standing })
        : await endWithHolder(attempt, asker, snapshot, { address, allocation }),
    );
  }
  return parts.reduce(joined, { ...NOTHING, owner: asker.owner });
}

/** One holder may have several of the addresses; its record is written once. */
function joined(a: Superseded, b: Superseded): Superseded {
  const written = new Set(a.puts.map(({ ref }) => refKey(ref)));
  return {
    ...a,
    guards: [...a.guards, ...b.guards],
    puts: [...a.puts, ...b.puts.filter(({ ref }) => !written.has(refKey(ref)))],
    deletes: [...a.deletes, ...b.deletes],
    gone: [...a.gone, ...b.gone],
    told: [...a.told, ...b.told],
  };
}

/** "not ours": the owner's record lists an address that is reserved for somebody else by now, or for nobody. */
type Standing = "ends" | "stays" | "not ours";

/** Only what an ADD of this owner made, and nobody asked to keep, ends. */
function standingOf(
  { ports, request }: Attempt,
  { facts }: Ending,
  snapshot: Snapshot,
  address: Address,
): Standing {
  const reservation = snapshot.get(refTo.reservation(request.network.space, address))?.record;
  if (reservation === undefined) return "not ours";
  if (reservation.version > RECORD_VERSION || !isOwnCluster(reservation.cluster, ports.clusterNames))
    return "stays";
  if (!sameOwner(reservation.owner, facts.owner)) return "not ours";
  return reservation.kind === "automatic" && reservation.retain !== "keep" ? "ends" : "stays";
}

function endNow(
  attempt: Attempt,
  asker: Ending,
  snapshot: Snapshot,
  { address, standing }: { readonly address: Address; readonly standing: Standing },
): Superseded {
  const { space } = attempt.request.network;
  const ref = refTo.reservation(space, address);
  const guard = { ref, revision: snapshot.get(ref)?.revision ?? 0 };
  const gone = [formatAddress(address)];
  if (standing === "not ours") return { ...NOTHING, guards: [guard], gone };
  const guards = [guard, { ref: refTo.allocation(space, address), revision: 0 }];
  return { ...NOTHING, guards, deletes: [ref], gone, told: [tellEnd(attempt, asker, address, "ends")] };
}

/** Written into the reservation and its holder's record, so that whoever frees the one ends the other. */
async function endWithHolder(
  attempt: Attempt,
  asker: Ending,
  snapshot: Snapshot,
  { address, allocation }: { readonly address: Address; readonly allocation: Versioned<AllocationRecord> },
): Promise<Superseded> {
  const { ports, request, options } = attempt;
  const { space } = request.network;
  const ref = refTo.reservation(space, address);
  const reservation = snapshot.get(ref);
  if (reservation === undefined || reservation.record.retain === "delete") return NOTHING;
  const holders = allocation.record.holders.map(({ node, attachment }) => refTo.attachment(node, attachment));
  const entries = await ports.store.read({ refs: holders }, options);
  const guards: Guard[] = [
    { ref, revision: reservation.revision },
    { ref: refTo.allocation(space, address), revision: allocation.revision },
  ];
  const puts: Put[] = [{ ref, record: { ...reservation.record, retain: "delete" } }];
  const own = refKey(ownRef(attempt));
  for (const holder of holders) {
    if (refKey(holder) === own) return NOTHING;
    const entry = entries.get(holder);
    if (entry === undefined || entry.record.version > RECORD_VERSION) return NOTHING;
    guards.push({ ref: holder, revision: entry.revision });
    puts.push({ ref: holder, record: { ...entry.record, endsReservations: true } });
  }
  return { ...NOTHING, guards, puts, told: [tellEnd(attempt, asker, address, "ends with its holder")] };
}

function tellEnd({ request }: Attempt, { facts, given }: Ending, address: Address, how: string): string {
  const why = whyNotAllowed(request.network, address);
  const asker = request.pod ? `pod ${podName(request.pod)}` : describeOwner(facts.owner);
  const has = given.map((each) => formatAddress(each.address)).join(", ");
  const reason = why === undefined ? "" : ` (${formatAddress(address)} can no longer be given: ${why})`;
  return `${asker} has ${has} now${reason}: the reservation of ${formatAddress(address)} for ${describeOwner(facts.owner)} ${how}`;
}
