import type { Pool } from "../../address/pool.ts";
import { unlessDamaged } from "../integrity/damage.ts";
import { recallStore } from "../integrity/identity.ts";
import { type LivingWitness, livingWitness, witnessRef } from "../integrity/living-witness.ts";
import { networkKey } from "../network.ts";
import type { RememberedStore } from "../node-port.ts";
import type { NamedTarget, OpenTarget, Target } from "../plan/target.ts";
import type {
  AttachmentRecord,
  MetaRecord,
  NetworkRecord,
  OwnerRecord,
  Ref,
  ReservedRangesRecord,
} from "../records.ts";
import { likelyOf, refsAround, refTo } from "../ref-to.ts";
import type { Query, Snapshot, Versioned, Window, WindowAnswer } from "../store-port.ts";
import { likelyOwners } from "../wish/likely-owners.ts";
import type { Attempt } from "./attempt.ts";
import { type Stretch, type Stretches, stretchesIn } from "./stretches.ts";

/** Everything that an ADD needs from the store to decide, read as of one moment in one round trip. */
export interface View {
  readonly targets: readonly Target[];
  readonly questions: Questions;
  readonly snapshot: Snapshot;
  /** The store that this node remembered before the read (ONE-STORE). */
  readonly remembered?: RememberedStore;
  readonly own?: Versioned<AttachmentRecord>;
  readonly meta?: Versioned<MetaRecord>;
  readonly network?: Versioned<NetworkRecord>;
  readonly reservedRanges?: Versioned<ReservedRangesRecord>;
  readonly owner?: Versioned<OwnerRecord>;
  /** Revision of the owner's record that the targets rest on; absent where they do not depend on it. */
  readonly plannedOn?: number;
  /** Records of those who may have reserved addresses for the asking pod when it asked for some (`likelyOwners`). */
  readonly formerOwners: readonly Versioned<OwnerRecord>[];
  /**
   * Present where the view was made from what earlier ADDs read, so that the transaction must guard all
   * of it. "guessed": it may well lose, and then asks for the view that the ADD needs in the same round trip.
   */
  readonly foreseen?: "known" | "guessed";
}

/** What a view asks about one pool of a target. */
export interface PoolQuestion extends Stretches {
  readonly target: OpenTarget;
}

/** The query of a view, and where the answers for each pool stand in it. */
export interface Questions {
  readonly query: Query;
  readonly pools: readonly PoolQuestion[];
  /** Asked for too: a holding of this node that the store must have (ONE-STORE). */
  readonly witness?: LivingWitness;
  /** A moment of this process before the store is asked (`SharedLooks`). */
  readonly since: number;
}

/** How many pools of one set a view reads at once; the search reads the rest when those are full. */
const POOLS_AT_ONCE = 4;

/** From so many windows on, a view looks at one stretch of each pool only. */
const MOST_WINDOWS = 16;

/** So many who wait for a view are a reason for one stretch more. Near a full pool each shows a few free addresses. */
const PER_STRETCH = 4;
/** A view looks at so many stretches more, at most. */
const MOST_FURTHER = 6;

/** Reads the view that the targets need. @throws StoreFailure. */
export async function readView(
  attempt: Attempt,
  targets: readonly Target[],
  plannedOn?: number,
): Promise<View> {
  const { ports, request, options } = attempt;
  const { space } = request.network;
  const remembered = recallStore(space, ports);
  const witness = livingWitness(space, remembered, ports);
  const read = async (questions: Questions) => {
    const snapshot = await ports.store.read(questions.query, options);
    const asked = { targets, questions, ...(plannedOn !== undefined && { plannedOn }) };
    return viewOf(attempt, { ...asked, ...(remembered && { remembered }) }, snapshot);
  };
  if (witness === undefined) return read(ask(attempt, targets));
  // A damaged record stops only those who need it.
  return unlessDamaged(
    () => read(ask(attempt, targets, witness)),
    () => read(ask(attempt, targets)),
  );
}

/** What the ADD asked, and remembered, before it read the snapshot. */
type ViewQuestions = Pick<View, "targets" | "questions" | "remembered" | "plannedOn">;

/** The view from a snapshot that answers the questions of an earlier view. */
export function viewOf(
  attempt: Attempt,
  { targets, questions, remembered, plannedOn }: ViewQuestions,
  snapshot: Snapshot,
): View {
  const own = snapshot.get(ownRef(attempt));
  const meta = snapshot.get(refTo.meta);
  const network = snapshot.get(networkRef(attempt));
  const reservedRanges = snapshot.get(reservedRangesRef(attempt));
  const ownerKey = ownerRef(attempt);
  const owner = ownerKey && snapshot.get(ownerKey);
  return {
    targets,
    questions,
    ...(remembered && { remembered }),
    ...(plannedOn !== undefined && { plannedOn }),
    snapshot,
    ...(own && { own }),
    ...(meta && { meta }),
    ...(network && { network }),
    ...(reservedRanges && { reservedRanges }),
    ...(owner && { owner }),
    formerOwners: formerOwnerRefs(attempt).flatMap((ref) => snapshot.get(ref) ?? []),
  };
}

/** Whether the owner's record is still the one that the targets rest on (GUARDED). */
export function restsOnOwner({ owner, plannedOn }: View): boolean {
  return plannedOn === undefined || plannedOn === (owner?.revision ?? 0);
}

/** Reference to the asking attachment's record. */
export function ownRef({ request, ports }: Attempt) {
  return refTo.attachment(ports.node.name, request.attachment);
}

export function networkRef({ request }: Attempt) {
  return refTo.network(request.network.name);
}

export function reservedRangesRef({ request }: Attempt) {
  return refTo.reservedRanges(request.network.space);
}

/** Reference to the record of the asking pod's owner; undefined where the wish reserves nothing. */
export function ownerRef({ request }: Attempt) {
  const owner = request.wish.owner?.owner;
  return owner && refTo.owner(request.network.space, owner);
}

/** References to the records of those who may have reserved addresses for a pod that asks for none now. */
export function formerOwnerRefs({ ports, request }: Attempt) {
  // Whose such a record is, only Kubernetes could tell.
  return ports.cluster === undefined
    ? []
    : likelyOwners(request).map((owner) => refTo.owner(request.network.space, owner));
}

/** The answers of a stretch's windows. */
export function answersOf(view: View, { slice, windowIndex }: Stretch): readonly WindowAnswer[] {
  return view.snapshot.windows.slice(windowIndex, windowIndex + slice.windows.length);
}

/** The questions to the store about these targets, and about a witness. */
export function ask(attempt: Attempt, targets: readonly Target[], witness?: LivingWitness): Questions {
  const { network } = attempt.request;
  const { space } = network;
  const { foresight } = attempt.ports;
  const isFull = (pool: Pool) => foresight?.neighbourhoods?.of(space, pool).full;
  // Whoever looks for others too, and near a full pool, must see more.
  let further = Math.min(
    MOST_FURTHER,
    Math.floor((foresight?.waiting?.(networkKey(network)) ?? 0) / PER_STRETCH),
  );
  const windows: Window[] = [];
  const pools = targets.flatMap((target): PoolQuestion[] => {
    if (target.kind !== "open") return [];
    const first = target.pools.find((pool) => !isFull(pool)) ?? target.pools[0];
    return target.pools.slice(0, POOLS_AT_ONCE).map((pool) => {
      const isFirst = pool === first && windows.length < MOST_WINDOWS;
      const others = isFirst ? 1 + further : 0;
      if (isFirst) further = 0;
      return { target, ...stretchesIn(pool, space, attempt.ports, { windows, others }) };
    });
  });
  const refs = [...refsOf(attempt, targets), ...(witness ? [witnessRef(witness)] : [])];
  const since = foresight?.looks?.moment() ?? 0;
  return { query: { refs, windows }, pools, ...(witness && { witness }), since };
}

function refsOf(attempt: Attempt, targets: readonly Target[]): Ref[] {
  const named = targets.filter((target): target is NamedTarget => target.kind === "named");
  const owner = ownerRef(attempt);
  const { node } = attempt.ports;
  const id = attempt.request.attachment;
  const entry = node.journal.read(id);
  return [
    refTo.meta,
    // One that had addresses before has them still: the journal says where.
    refTo.attachment(node.name, id, entry && likelyOf(entry)),
    networkRef(attempt),
    reservedRangesRef(attempt),
    ...(owner ? [owner] : []),
    ...formerOwnerRefs(attempt),
    ...named.flatMap(({ address }) => refsAround(attempt.request.network.space, address)),
  ];
}
