import { type Address, equalAddresses, formatAddress } from "../../address/address.ts";
import { type Interval, isWithin } from "../../address/interval.ts";
import { whyNotAllowed } from "../../address/not-allowed.ts";
import { rangeOf } from "../../address/range.ts";
import { isInRangeOfOther } from "../choose/foreign-ranges.ts";
import type { PodFacts } from "../cluster-port.ts";
import { IpamError } from "../errors.ts";
import { doubt } from "../evidence/live-read.ts";
import type { Owner } from "../records.ts";
import type { Attempt } from "../view/attempt.ts";
import type { View } from "../view/view.ts";
import type { Annotations } from "../wish/annotation.ts";
import { readAnnotations } from "../wish/annotations.ts";
import { namedAnywhere } from "../wish/named-anywhere.ts";
import type { Wish } from "../wish.ts";

/** Pods of a namespace that are looked at: where there are more, nobody knows what they ask for. */
const MOST_PODS = 5_000;
/** How long Kubernetes may take to tell who owns or asks, in milliseconds: the ADD goes on without. */
const PATIENCE_MS = 3_000;

/** The deadline of a question to Kubernetes that an ADD can do without. */
export function patienceOf({ options }: Attempt): number {
  return Math.min(options.deadline, performance.now() + PATIENCE_MS);
}

/**
 * Those of a workload's former addresses that none of its pods asks for any more. Its template tells, where it has
 * what the asking pod has; else its namespace's pods do. In any doubt, an address counts as asked for.
 */
export async function unasked(
  attempt: Attempt,
  view: View,
  owner: Owner,
  former: readonly Address[],
): Promise<readonly Address[]> {
  const taken = former.filter((address) => isInRangeOfOther(attempt, view, address));
  const left = former.filter(
    (address) => !taken.includes(address) && !isMeant(attempt.request.wish, address, attempt),
  );
  return left.length === 0 ? taken : [...taken, ...(await unaskedByOthers(attempt, owner, left))];
}

/** Whether the wish, of any of the workload's pods, may still mean an address that the network can give. */
function isMeant(wish: Pick<Wish, "fixed" | "set" | "sticky">, address: Address, attempt: Attempt): boolean {
  const { network } = attempt.request;
  const set = network.sets.find((each) => rangeOf(each, address) !== undefined);
  if (set === undefined || whyNotAllowed(network, address) !== undefined) return false;
  if (wish.fixed.some((named) => equalAddresses(named.address, address))) return true;
  if (wish.set !== undefined && isWithin(address, wish.set)) return true;
  const others = [...wish.fixed.map((each) => each.address), ...(wish.set ?? []).map(({ first }) => first)];
  return wish.sticky && !others.some((each) => rangeOf(set, each) !== undefined);
}

/** The workload's template tells, where it is what the asking pod has; else the pods of its namespace do. */
async function unaskedByOthers(
  attempt: Attempt,
  owner: Owner,
  former: readonly Address[],
): Promise<readonly Address[]> {
  const { cluster } = attempt.ports;
  if (cluster === undefined) return [];
  const deadline = patienceOf(attempt);
  const template = await cluster.template?.(owner, deadline).catch(doubt);
  const byTemplate =
    template === undefined || template instanceof IpamError ? undefined : wishOf(template, attempt);
  if (byTemplate === "unreadable") return [];
  const left = former.filter((address) => byTemplate === undefined || !isMeant(byTemplate, address, attempt));
  if (byTemplate !== undefined && sameWish(byTemplate, attempt.request.wish)) return left;
  const others = await otherPods(attempt, deadline);
  if (others === undefined) return [];
  return left.filter((address) => !others.some(({ annotations }) => namedAnywhere(annotations, address)));
}

function wishOf(
  annotations: Annotations,
  { request }: Attempt,
): Pick<Wish, "fixed" | "set" | "sticky"> | "unreadable" {
  const { attachment, network } = request;
  try {
    return readAnnotations(annotations, { network, ifname: attachment.ifname });
  } catch (failure) {
    doubt(failure);
    return "unreadable";
  }
}

function sameWish(
  a: Pick<Wish, "fixed" | "set" | "sticky">,
  b: Pick<Wish, "fixed" | "set" | "sticky">,
): boolean {
  return wordsOf(a) === wordsOf(b);
}

function wordsOf({ fixed, set = [], sticky }: Pick<Wish, "fixed" | "set" | "sticky">): string {
  const interval = ({ first, last }: Interval) => `${formatAddress(first)}-${formatAddress(last)}`;
  return JSON.stringify([
    fixed.map(({ address }) => formatAddress(address)).sort(),
    set.map(interval),
    sticky,
  ]);
}

/** The namespace's pods that may come for an address, but for the asker; undefined where nobody tells. */
async function otherPods(
  { ports, request }: Attempt,
  deadline: number,
): Promise<readonly PodFacts[] | undefined> {
  const { namespace, name } = request.pod ?? {};
  if (ports.cluster?.podsIn === undefined || namespace === undefined) return undefined;
  const pods: PodFacts[] = [];
  let looked = 0;
  try {
    for await (const pod of ports.cluster.podsIn(namespace, deadline)) {
      if (++looked > MOST_PODS) return undefined;
      if (pod.name !== name && !pod.deleting && !pod.finished) pods.push(pod);
    }
  } catch (failure) {
    doubt(failure);
    return undefined;
  }
  return pods;
}
