import { type Address, formatAddress } from "../../address/address.ts";
import { IpamError } from "../errors.ts";
import { readAllocations } from "../free/free.ts";
import { askingOf, gatherFacts, gatherReservationFacts } from "../hand-over/gather-facts.ts";
import { judge } from "../hand-over/judge.ts";
import { addressIn, describeAttachment, describeOwner, spaceOption } from "../in-words.ts";
import { refuseNewer } from "../integrity/newer.ts";
import type { NamedTarget } from "../plan/target.ts";
import type { AllocationRecord, Holder, OwnerRecord, ReservationRecord } from "../records.ts";
import { refsAround, refTo } from "../ref-to.ts";
import { blockIn, waysOut } from "../reserve/blocks.ts";
import { judgeReservation } from "../reserve/judge-reservation.ts";
import type { Versioned } from "../store-port.ts";
import type { Attempt } from "../view/attempt.ts";
import { type Candidate, type Eviction, unheldCandidate } from "../view/candidate.ts";
import { report } from "../view/report.ts";
import type { View } from "../view/view.ts";
import { foreignRangeOf } from "./foreign-ranges.ts";

/** The decision about one address: the ADD may take it, or must wait for its holder, whose DEL is due. */
export type Choice =
  | { readonly kind: "candidate"; readonly candidate: Candidate }
  | { readonly kind: "leaving"; readonly address: Address; readonly refusal: IpamError };

/**
 * Decides about an address that the pod asks for by name: first by its reservation, then by the
 * hand-over table of docs/design.md section 5. Reads facts live, right before the commit.
 *
 * @throws IpamError addressHeld, or tryAgain where a retry may help. It names the holder and what to do.
 */
export async function chooseNamed(attempt: Attempt, view: View, target: NamedTarget): Promise<Choice> {
  const [allocationRef, reservationRef, coolingRef] = refsAround(
    attempt.request.network.space,
    target.address,
  );
  refuseForeignRange(attempt, view, target);
  const allocation = view.snapshot.get(allocationRef);
  const reservation = view.snapshot.get(reservationRef);
  const held = allocation !== undefined;
  const previousOwner = reservation && (await requireYielding(attempt, target, reservation.record, held));
  const free = {
    ...unheldCandidate(target),
    ...(reservation && { reservation }),
    ...(previousOwner && { previousOwner }),
    coolingRevision: view.snapshot.get(coolingRef)?.revision ?? 0,
  };
  return allocation === undefined
    ? { kind: "candidate", candidate: free }
    : choice(attempt, target, allocation, free);
}

async function choice(
  attempt: Attempt,
  target: NamedTarget,
  allocation: Versioned<AllocationRecord>,
  free: Candidate,
): Promise<Choice> {
  refuseNewer(allocation.record.version, `the allocation of ${formatAddress(target.address)}`);
  const staying: Holder[] = [];
  const evictions: Eviction[] = [];
  for (const holder of allocation.record.holders) {
    const verdict = await judgeHolder(attempt, target, holder);
    if (verdict.action === "refuse" || verdict.action === "wait")
      report(attempt, { what: "held", refusal: verdict.refusal });
    if (verdict.action === "refuse") throw verdict.refusal;
    if (verdict.action === "wait")
      return { kind: "leaving", address: target.address, refusal: verdict.refusal };
    if (verdict.action === "share") staying.push(holder);
    else evictions.push(await eviction(attempt, holder));
  }
  return { kind: "candidate", candidate: { ...free, allocation, staying, evictions } };
}

async function judgeHolder(attempt: Attempt, target: NamedTarget, holder: Holder) {
  const { ports, options, request } = attempt;
  const verdict = judge(
    await gatherFacts(askingOf(request, target.address), holder, ports, options.deadline),
  );
  if (verdict.action === "hand-over") {
    ports.log("info", `address ${formatAddress(target.address)} is handed over: ${verdict.evidence}`, {
      from: holder.attachment.container,
      node: holder.node,
    });
  }
  return verdict;
}

/** The attachment that loses the address, with the records that the same transaction rewrites. */
async function eviction({ ports, options }: Attempt, holder: Holder): Promise<Eviction> {
  const ref = refTo.attachment(holder.node, holder.attachment);
  const entry = (await ports.store.read({ refs: [ref] }, options)).get(ref);
  if (entry !== undefined)
    refuseNewer(entry.record.version, `the record of ${describeAttachment(holder.attachment)}`);
  const named = entry?.record ?? { space: "", addresses: [] };
  return { holder, ...(entry && { entry }), allocations: await readAllocations(named, ports, options) };
}

/**
 * Requires that the reservation is the asker's own, or passes to it.
 *
 * @returns the record of the owner that loses the address, if there is one.
 */
async function requireYielding(
  attempt: Attempt,
  target: NamedTarget,
  reservation: ReservationRecord,
  held: boolean,
): Promise<Versioned<OwnerRecord> | undefined> {
  const { ports, options, request } = attempt;
  refuseNewer(reservation.version, `the reservation of ${formatAddress(target.address)}`);
  const names = target.origin === "fixed";
  const facts = await gatherReservationFacts(
    { ...askingOf(request, target.address), names },
    reservation,
    held,
    ports,
    options.deadline,
  );
  const verdict = judgeReservation(facts);
  if (verdict.action === "refuse") throw verdict.refusal;
  if (verdict.action === "own") return undefined;
  ports.log(
    "info",
    `the reservation of ${formatAddress(target.address)} passes to another owner: ${verdict.reason}`,
    {
      from: describeOwner(reservation.owner),
    },
  );
  const ref = refTo.owner(request.network.space, reservation.owner);
  return (await ports.store.read({ refs: [ref] }, options)).get(ref);
}

function refuseForeignRange(attempt: Attempt, view: View, { address }: NamedTarget): void {
  const range = foreignRangeOf(attempt, view, address);
  if (range === undefined) return;
  const block = blockIn(range);
  const { space } = attempt.request.network;
  if (block !== undefined) throw mayBeHeld(space, address, block.node);
  throw new IpamError(
    "addressHeld",
    `address ${addressIn(space, address)} is reserved for ${describeOwner(range.reservation.owner)} (${range.first}-${range.last})`,
    `choose another address, or end the reservation with 'kube-ipam ip unreserve${spaceOption(space)} ${range.first}-${range.last}'`,
  );
}

function mayBeHeld(space: string, address: Address, node: string): IpamError {
  return new IpamError(
    "addressHeld",
    `address ${addressIn(space, address)} may be held by a pod on node ${node}`,
    waysOut([node]),
  );
}
