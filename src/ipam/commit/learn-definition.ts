import { CAPS } from "../../address/caps.ts";
import { formatCidr } from "../../address/cidr.ts";
import { subnetsOfSets } from "../../address/range.ts";
import { remembered } from "../../address/remembered.ts";
import { describeNetwork, type Network } from "../network.ts";
import { definitionsOf, newestOf } from "../network-definitions.ts";
import { type NetworkDefinition, type NetworkRecord, RECORD_VERSION } from "../records.ts";

/**
 * A full record takes another definition in once in so many changes of the store (NO-CLOCKS): more definitions than it
 * keeps, used by turns, must not rewrite it at each ADD.
 */
export const PATIENCE = 1000;

/** What an ADD adds to what the store knows of its network's name. */
export interface Learnt {
  readonly record: NetworkRecord;
  /** "other": a definition that the record did not have; "more": one that it does not take in. */
  readonly news?: "other" | "more";
}

/** What decides how a definition comes into the record. */
export interface Circumstances {
  /** The network has served another interface than the first. */
  readonly further: boolean;
  /** Nodes that share the store have definitions of their own: none takes the place of another. */
  readonly ofNode: boolean;
  /** How many changes the store has had since the record was written. */
  readonly age: number;
}

/**
 * The record after an ADD with this definition. Undefined where it stays as it is: so it does for definitions that are
 * used by turns, once it has seen each of them twice.
 */
export function learnDefinition(
  known: NetworkRecord | undefined,
  current: NetworkDefinition,
  circumstances: Circumstances,
): Learnt | undefined {
  const { further } = circumstances;
  if (known === undefined)
    return { record: { version: RECORD_VERSION, ...current, ...(further && { further }) } };
  const learnt = withDefinition(known, current, circumstances);
  const isTold = known.further === true || !further;
  if (learnt === undefined) return isTold ? undefined : { record: { ...known, further } };
  return isTold ? learnt : { ...learnt, record: { ...learnt.record, further } };
}

function withDefinition(
  known: NetworkRecord,
  current: NetworkDefinition,
  { age, ofNode }: Circumstances,
): Learnt | undefined {
  const { earlier = [] } = known;
  const newest = newestOf(known);
  if (isSame(newest, current)) return undefined;
  // An import knows no more than the subnets.
  if (
    newest.detail === undefined &&
    isSame({ ...newest, ...(current.detail !== undefined && { detail: current.detail }) }, current)
  )
    return { record: put(known, current, earlier) };
  const found = earlier.find((each) => isSame(each, current));
  if (found?.again) return undefined;
  if (found !== undefined) {
    const others = earlier.filter((each) => each !== found);
    return { record: put(known, { ...current, again: true }, [newest, ...others]) };
  }
  if (fits([newest, ...earlier, current])) {
    // What is in use of the others says so by its next ADD. Of several nodes' definitions all are in force.
    const record = ofNode
      ? put(known, newest, [...earlier, { ...current, again: true }])
      : put(known, current, [newest, ...earlier].map(withoutAgain));
    return { record, news: "other" };
  }
  if (ofNode || age < PATIENCE)
    return known.more ? undefined : { record: { ...known, more: true }, news: "more" };
  return {
    record: { ...put(known, current, makeRoom([newest, ...earlier], current)), more: true },
    news: "other",
  };
}

/**
 * A store's record with what another record of the same name knows, as an import brings it: all of its definitions are
 * in force beside the store's. Undefined where that adds nothing.
 */
export function joinDefinitions(known: NetworkRecord, brought: NetworkRecord): NetworkRecord | undefined {
  const joined = definitionsOf(brought).reduce<NetworkRecord>((record, definition) => {
    const isKnown = definitionsOf(record).some((each) => isSubnets(each, definition));
    const circumstances = { further: brought.further === true, ofNode: true, age: 0 };
    return isKnown
      ? record
      : (learnDefinition(record, withoutAgain(definition), circumstances)?.record ?? record);
  }, known);
  return joined === known ? undefined : joined;
}

/** Drops definitions until another one fits: first those that were not used again, then the oldest. */
function makeRoom(
  kept: readonly NetworkDefinition[],
  current: NetworkDefinition,
): readonly NetworkDefinition[] {
  if (kept.length === 0 || fits([...kept, current])) return kept;
  const unused = kept.findLastIndex(({ again }) => !again);
  return makeRoom(
    kept.filter((_, index) => index !== (unused === -1 ? kept.length - 1 : unused)),
    current,
  );
}

function fits(definitions: readonly NetworkDefinition[]): boolean {
  return definitions.length <= CAPS.definitions && JSON.stringify(definitions).length <= CAPS.definitionsText;
}

function put(
  { version, more, further }: NetworkRecord,
  newest: NetworkDefinition,
  earlier: readonly NetworkDefinition[],
): NetworkRecord {
  return {
    version,
    ...newest,
    ...(earlier.length > 0 && { earlier }),
    ...(more && { more }),
    ...(further !== undefined && { further }),
  };
}

function withoutAgain({ again: _, ...definition }: NetworkDefinition): NetworkDefinition {
  return definition;
}

function isSubnets(a: NetworkDefinition, b: NetworkDefinition): boolean {
  const text = ({ subnets }: NetworkDefinition) => [...subnets].sort().join();
  return a.space === b.space && text(a) === text(b);
}

function isSame(a: NetworkDefinition, b: NetworkDefinition): boolean {
  return a.space === b.space && a.detail === b.detail && a.subnets.join() === b.subnets.join();
}

/** A network's configuration, as the store keeps it. */
export const definitionOf = remembered((network: Network): NetworkDefinition => {
  const detail = describeNetwork(network);
  return {
    space: network.space,
    subnets: [...new Set(subnetsOfSets(network.sets).map(formatCidr))].sort(),
    detail: detail.length > CAPS.definitionDetail ? `hash ${Bun.hash(detail).toString(16)}` : detail,
  };
});
