import { type Address, formatAddress, parseAddress } from "../../address/address.ts";
import { intervalContains } from "../../address/interval.ts";
import type { OwnerFacts } from "../../ipam/cluster-port.ts";
import { IpamError } from "../../ipam/errors.ts";
import { gatherReservationFacts } from "../../ipam/facts.ts";
import { judgeReservation } from "../../ipam/judge-reservation.ts";
import { addressRefs } from "../../ipam/picture.ts";
import type { Ports } from "../../ipam/ports.ts";
import type { AllocationRecord, PodId, ReservationRecord } from "../../ipam/records.ts";
import type { CallOptions } from "../../ipam/store-port.ts";
import { askingPod, type OwnerOf } from "./asker.ts";
import { type Finding, refuse, warn } from "./finding.ts";
import { type KnownNetwork, networksFor } from "./known-networks.ts";
import type { Wishes } from "./wishes.ts";
import type { Workload } from "./workload.ts";

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
  const findings: Finding[] = [];
  for (const { address, source, suffix } of question.wishes.fixed) {
    const networks = networksFor(address, suffix, question.known);
    const spaces = networks.length > 0 ? new Set(networks.map(({ space }) => space)) : [question.space];
    const verdicts: (Finding | undefined)[] = [];
    for (const space of spaces)
      verdicts.push(
        await judgeAddress({ address, source, space }, question.workload, ports, ownerOf, options),
      );
    const [worst] = verdicts.filter((each) => each !== undefined).sort(bySeverity);
    if (worst !== undefined) findings.push(verdicts.includes(undefined) ? warn(worst.message) : worst);
  }
  return findings;
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
  const [allocationRef, reservationRef] = addressRefs(space, address);
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
  // What could not be read may be otherwise when the pod starts.
  const doubtful = reservation.kind === "automatic" && facts.ownerState === "unknown";
  if (!doubtful || reservation.retain === "keep") return verdict.refusal;
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
