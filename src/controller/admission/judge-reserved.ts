import { type Address, formatAddress, parseAddress } from "../../address/address.ts";
import { intervalContains } from "../../address/interval.ts";
import type { OwnerFacts } from "../../ipam/cluster-port.ts";
import { IpamError } from "../../ipam/errors.ts";
import { gatherReservationFacts } from "../../ipam/hand-over/facts.ts";
import type { Ports } from "../../ipam/ports.ts";
import type { AllocationRecord, PodId, ReservationRecord } from "../../ipam/records.ts";
import { refsAround } from "../../ipam/ref-to.ts";
import { judgeReservation } from "../../ipam/reserve/judge-reservation.ts";
import type { CallOptions } from "../../ipam/store-port.ts";
import { type Finding, refuse, warn } from "./finding.ts";
import { type KnownNetwork, networksFor } from "./known-networks.ts";
import type { Wishes } from "./wishes.ts";
import type { Workload } from "./workload.ts";
import { askingPod, type OwnerOf } from "./workload-owner.ts";

export interface ReservedQuestion {
  readonly workload: Workload;
  readonly wishes: Wishes;
  readonly known: readonly KnownNetwork[];
  /** The address space that is meant where no known network has the address. */
  readonly space: string;
}

/**
 * Fixed addresses that are reserved for others, by the very judgement that an ADD makes: refused where
 * every network that has the address would refuse, a warning where it may pass by then.
 *
 * @throws StoreFailure, IpamError.
 */
export async function judgeReserved(
  question: ReservedQuestion,
  ports: Pick<Ports, "store" | "cluster" | "clusterUid">,
  ownerOf: OwnerOf,
  options: CallOptions,
): Promise<Finding[]> {
  const judge = (named: Named) => judgeNamed(named, question, ports, ownerOf, options);
  const findings: Finding[] = [];
  for (const { address, source, suffix } of question.wishes.fixed) {
    const finding = await judge({ address, source, suffix });
    if (finding !== undefined) findings.push(finding);
  }
  for (const set of question.wishes.sets) findings.push(...(await judgeSet(set, judge)));
  return findings;
}

/** Sets are looked through as far as that is quick; the rest shows when a pod asks. */
const MOST_OF_A_SET = 32n;

/** A set with addresses of others serves its pods as long as there are others left: a warning. */
async function judgeSet(
  { intervals, source, suffix }: Wishes["sets"][number],
  judge: (named: Named) => Promise<Finding | undefined>,
): Promise<Finding[]> {
  const refused: Finding[] = [];
  let left = MOST_OF_A_SET;
  for (const { first, last } of intervals) {
    for (let value = first.value; value <= last.value && left > 0n; value++, left--) {
      const finding = await judge({ address: { family: first.family, value }, source, suffix });
      if (finding?.severity === "refuse") refused.push(finding);
    }
  }
  const [one] = refused;
  if (one === undefined) return [];
  return [
    warn(
      refused.length === 1 ? one.message : `${refused.length} addresses are not to be had: ${one.message}`,
    ),
  ];
}

interface Named {
  readonly address: Address;
  readonly source: string;
  readonly suffix: string | undefined;
}

/** Refused where every network that has the address would refuse. */
async function judgeNamed(
  { address, source, suffix }: Named,
  { known, space: configured, workload }: ReservedQuestion,
  ports: Pick<Ports, "store" | "cluster" | "clusterUid">,
  ownerOf: OwnerOf,
  options: CallOptions,
): Promise<Finding | undefined> {
  const networks = networksFor(address, suffix, known);
  const spaces = networks.length > 0 ? new Set(networks.map(({ space }) => space)) : [configured];
  const verdicts: (Finding | undefined)[] = [];
  for (const space of spaces)
    verdicts.push(await judgeAddress({ address, source, space }, workload, ports, ownerOf, options));
  const [worst] = verdicts.filter((each) => each !== undefined).sort(bySeverity);
  return worst !== undefined && verdicts.includes(undefined) ? warn(worst.message) : worst;
}

interface InSpace {
  readonly address: Address;
  readonly source: string;
  readonly space: string;
}

async function judgeAddress(
  { address, source, space }: InSpace,
  workload: Workload,
  ports: Pick<Ports, "store" | "cluster" | "clusterUid">,
  ownerOf: OwnerOf,
  options: CallOptions,
): Promise<Finding | undefined> {
  const [allocationRef, reservationRef] = refsAround(space, address);
  const rangesRef = { kind: "reservedRanges", space } as const;
  const snapshot = await ports.store.read({ refs: [allocationRef, reservationRef, rangesRef] }, options);
  const allocation = snapshot.get(allocationRef)?.record;
  const range = snapshot
    .get(rangesRef)
    ?.record.ranges.find(({ first, last }) =>
      intervalContains({ first: parseAddress(first), last: parseAddress(last) }, address),
    );
  const reservation = snapshot.get(reservationRef)?.record ?? range?.reservation;
  if (reservation === undefined) return heldByOthers(address, source, workload, allocation);
  const owner = await ownerOf();
  const held = allocation !== undefined;
  const refusal = await refusalOf(address, reservation, held, workload, owner, ports, options);
  if (refusal === undefined) return undefined;
  const message = `${source}: ${refusal.message}: ${refusal.details}`;
  return refusal.name === "tryAgain" ? warn(message) : refuse(message);
}

async function refusalOf(
  address: Address,
  reservation: ReservationRecord,
  held: boolean,
  workload: Workload,
  owner: OwnerFacts | undefined,
  ports: Pick<Ports, "cluster" | "clusterUid">,
  options: CallOptions,
): Promise<IpamError | undefined> {
  const pod: PodId = askingPod(workload, reservation);
  const asking = { address, pod, ...(owner && { owner }), names: true };
  const facts = await gatherReservationFacts(asking, reservation, held, ports, options.deadline);
  const verdict = judgeReservation(facts);
  if (verdict.action !== "refuse") return undefined;
  // What was not read may be otherwise when the pod starts.
  const read = facts.ownerState === "present" || facts.ownerState === "gone";
  if (read || reservation.kind !== "automatic" || reservation.retain === "keep") return verdict.refusal;
  return new IpamError("tryAgain", verdict.refusal.message, verdict.refusal.details);
}

/** A pod of the own namespace hands its address over as a rule; another team's may live for long. */
function heldByOthers(
  address: Address,
  source: string,
  { namespace }: Workload,
  allocation: AllocationRecord | undefined,
): Finding | undefined {
  const other = allocation?.holders.find(({ pod }) => pod?.namespace !== namespace);
  if (other === undefined) return undefined;
  const { attachment, node, pod } = other;
  const who = pod === undefined ? `container ${attachment.container}` : `pod ${pod.namespace}/${pod.name}`;
  return warn(
    `${source}: ${formatAddress(address)} is held by ${who} on node ${node} now; a pod that names it waits until that one ends`,
  );
}

function bySeverity(a: Finding, b: Finding): number {
  return a.severity === b.severity ? 0 : a.severity === "refuse" ? -1 : 1;
}
