import { type Address, formatAddress } from "../../address/address.ts";
import { whyNotAllowed } from "../../address/not-allowed.ts";
import type { OwnerFacts } from "../cluster-port.ts";
import { isOwnCluster } from "../cluster-relation.ts";
import { describeOwner, podName } from "../in-words.ts";
import { type AllocationRecord, type OwnerRecord, RECORD_VERSION, type Ref, type RefOf } from "../records.ts";
import { refKey } from "../ref-key.ts";
import { refTo } from "../ref-to.ts";
import { sameHolder, sameOwner } from "../same.ts";
import type { Guard, Put, Snapshot, Versioned } from "../store-port.ts";
import type { Attempt } from "../view/attempt.ts";
import type { Candidate } from "../view/candidate.ts";
import { ownRef } from "../view/view.ts";

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

/** Nothing ends. */
export const NOTHING: Superseded = { guards: [], puts: [], deletes: [], gone: [], told: [] };

/** The asker's owner, and its record as it was read. */
export interface AskingOwner {
  readonly facts: OwnerFacts;
  readonly owner: Versioned<OwnerRecord> & { readonly ref: RefOf<"owner"> };
}

/** Who asks, and what it gets. */
export interface Ending extends AskingOwner {
  readonly given: readonly Candidate[];
}

/**
 * The guards and writes that end the reservations of these addresses, which the asker's place has no use for. Each as
 * it was read: another one's, an operator's, and what somebody asked to keep stay.
 *
 * @throws StoreFailure.
 */
export async function endAll(
  attempt: Attempt,
  asker: Ending,
  ending: readonly Address[],
): Promise<Superseded> {
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
