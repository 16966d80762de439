import { CAPS } from "../../address/caps.ts";
import { type AddressRecords, type Place, readRecords } from "./address-records.ts";
import { type Finding, warn } from "./finding.ts";
import { inTime } from "./in-time.ts";
import { type AddressContext, judgeAddress } from "./judge-address.ts";
import { type KnownNetwork, networksFor } from "./known-networks.ts";
import type { NamedAddress, NamedSet, Wishes } from "./wishes.ts";

/** What reservations are judged by. */
export interface ReservedContext extends AddressContext {
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
export async function judgeReserved({ fixed, sets }: Wishes, context: ReservedContext): Promise<Finding[]> {
  const named = fixed.slice(0, MOST_NAMED);
  const inSets = sets.slice(0, MOST_SETS).map((set) => [...firstOf(set)]);
  const places = [...named, ...inSets.flat()].flatMap((each) => placesOf(each, context));
  const recordsOf = await readRecords(places, context.ports, context.options);
  const judge = (each: NamedAddress) => judgeNamed(each, recordsOf, context);
  const findings: Finding[] = [];
  for (const each of named) {
    // Nobody is told more of them, and each may cost a request to Kubernetes.
    if (findings.length > CAPS.findings) break;
    findings.push(...[await judge(each)].filter((finding) => finding !== undefined));
  }
  for (const set of inSets)
    findings.push(...[await judgeSet(set, judge)].filter((finding) => finding !== undefined));
  return findings;
}

/**
 * So much of what one object asks for is looked up (CAPPED), so that the answer is quick; the rest shows when a pod
 * asks.
 */
const MOST_NAMED = 256;
const MOST_SETS = 8;
const MOST_OF_A_SET = 32;

/** A set with addresses of others serves its pods as long as there are others left: a warning. */
async function judgeSet(
  set: readonly NamedAddress[],
  judge: (named: NamedAddress) => Promise<Finding | undefined>,
): Promise<Finding | undefined> {
  const refused: Finding[] = [];
  for (const named of set) {
    const finding = await judge(named);
    if (finding?.severity === "refuse") refused.push(finding);
  }
  const [one] = refused;
  if (one === undefined) return undefined;
  return warn(
    refused.length === 1 ? one.message : `${refused.length} addresses are not available: ${one.message}`,
  );
}

function* firstOf({ intervals, source, suffix }: NamedSet): Generator<NamedAddress> {
  let left = MOST_OF_A_SET;
  for (const { first, last } of intervals) {
    for (let value = first.value; value <= last.value && left > 0; value++, left--)
      yield { address: { family: first.family, value }, source, ...(suffix !== undefined && { suffix }) };
  }
}

/** Refused where every network that has the address would refuse. */
async function judgeNamed(
  named: NamedAddress,
  recordsOf: (place: Place) => AddressRecords,
  context: ReservedContext,
): Promise<Finding | undefined> {
  await inTime(context.options.deadline);
  const verdicts: (Finding | undefined)[] = [];
  for (const place of placesOf(named, context))
    verdicts.push(await judgeAddress({ ...place, source: named.source }, recordsOf(place), context));
  const [worst] = verdicts.filter((each) => each !== undefined).sort(bySeverity);
  return worst !== undefined && verdicts.includes(undefined) ? warn(worst.message) : worst;
}

/** In which address spaces an address may be meant. */
function placesOf({ address, suffix }: NamedAddress, { known, space }: ReservedContext): Place[] {
  const networks = networksFor(address, suffix, known);
  const spaces = networks.length > 0 ? new Set(networks.map((network) => network.space)) : [space];
  return [...spaces].map((each) => ({ address, space: each }));
}

function bySeverity(a: Finding, b: Finding): number {
  return a.severity === b.severity ? 0 : a.severity === "refuse" ? -1 : 1;
}
