import { type Address, formatAddress } from "../../address/address.ts";
import { cidrContains, formatCidr } from "../../address/cidr.ts";
import type { Interval } from "../../address/interval.ts";
import { formatInterval } from "../../address/interval-text.ts";
import type { Range } from "../../address/range.ts";
import type { Network } from "../network.ts";
import type { Retention } from "../records.ts";
import type { FixedAddress } from "../wish.ts";
import { malformed } from "./annotation-error.ts";
import { type Key, keysFor, refuseUnknownKeys } from "./annotation-keys.ts";
import { parseAddresses, parseRetention, parseSet, parseSticky } from "./annotation-values.ts";
import { nowhereToBeFound, type Unclaimed } from "./further-networks.ts";

/** Pod annotations as Kubernetes has them. */
export type Annotations = Readonly<Record<string, string>>;

/** Which of the pod's networks is asked for. */
export interface Asked {
  readonly network: Network;
  readonly ifname: string;
}

/** What a pod's annotations want of one network. */
export interface AnnotatedWish {
  readonly fixed: readonly FixedAddress[];
  readonly set?: readonly Interval[];
  readonly sticky: boolean;
  readonly retain: Retention;
  /** What they want of other networks than this one: `requireClaimed` says whether those exist. */
  readonly unclaimed: readonly Unclaimed[];
}

/**
 * Reads the `kube-ipam.*` annotations (docs/design.md section 5) for one network of the pod. A key with
 * "/<interface>" or "/<network>" goes before the plain one, which applies where a subnet holds its
 * address. FAIL-CLOSED: what cannot be read is an error, never "no wish", also where another form
 * goes before it.
 *
 * @throws IpamError annotationMalformed naming key, value and what would be right;
 *   addressNotAllowed for an address that was named for this very network and is outside of it.
 */
export function readAnnotations(annotations: Annotations, asked: Asked): AnnotatedWish {
  refuseUnknownKeys(annotations);
  const keys = keysFor(annotations, asked);
  const ip = foremost(keys.address.map((key) => chooseAddresses(annotations, asked, key)));
  const set = foremost(keys.set.map((key) => chooseSet(annotations, asked, key)));
  const [setKey] = keys.set;
  if (setKey !== undefined && ip.own.length > 0 && set.own.length > 0) {
    throw malformed(setKey, annotations, `either this or ${keys.address[0]?.key}, not both for one network`);
  }
  const [sticky = false] = keys.sticky.map((key) => parseSticky(key, annotations));
  const [retain = "workload" as const] = keys.retain.map((key) => parseRetention(key, annotations));
  return {
    fixed: ip.own,
    ...(set.own.length > 0 && { set: set.own }),
    sticky,
    retain,
    unclaimed: [...keys.elsewhere, ...ip.unclaimed, ...set.unclaimed],
  };
}

interface Chosen<T> {
  readonly own: readonly T[];
  readonly unclaimed: readonly Unclaimed[];
}

/** The first form of a key applies; what the others name must be some network's of the pod all the same. */
function foremost<T>(forms: readonly Chosen<T>[]): Chosen<T> {
  return { own: forms[0]?.own ?? [], unclaimed: forms.flatMap(({ unclaimed }) => unclaimed) };
}

function chooseAddresses(annotations: Annotations, asked: Asked, key: Key): Chosen<FixedAddress> {
  const subnetOf = (address: Address) => rangeOf(asked.network, address)?.subnet;
  const addresses = parseAddresses(key, annotations, subnetOf);
  const own = addresses.filter(({ address }) => subnetOf(address) !== undefined);
  const outside = addresses
    .filter(({ address }) => subnetOf(address) === undefined)
    .map(({ address }) => ({ key: key.key, first: address, last: address, text: formatAddress(address) }));
  return claim(asked, key, own, outside);
}

function chooseSet(annotations: Annotations, asked: Asked, key: Key): Chosen<Interval> {
  const intervals = parseSet(key, annotations);
  const isOwn = ({ first, last }: Interval) => {
    const range = rangeOf(asked.network, first);
    if (range === undefined && rangeOf(asked.network, last) === undefined) return false;
    if (range !== undefined && cidrContains(range.subnet, last)) return true;
    throw malformed(
      key,
      annotations,
      `each range inside one subnet of the network (${subnetsText(asked.network)})`,
    );
  };
  const outside = intervals
    .filter((interval) => !isOwn(interval))
    .map((interval) => ({ key: key.key, ...interval, text: formatInterval(interval) }));
  return claim(asked, key, intervals.filter(isOwn), outside);
}

/** A key that speaks to this very network must be met here; the plain one may mean another network. */
function claim<T>(asked: Asked, key: Key, own: readonly T[], outside: readonly Unclaimed[]): Chosen<T> {
  const [first] = outside;
  if (key.suffix === undefined || first === undefined) return { own, unclaimed: outside };
  const why = `network '${asked.network.name}', which it speaks to, has ${subnetsText(asked.network)}`;
  throw nowhereToBeFound(first, why);
}

function rangeOf({ sets }: Network, address: Address): Range | undefined {
  return sets.flatMap(({ ranges }) => ranges).find(({ subnet }) => cidrContains(subnet, address));
}

/** "10.1.2.0/24, fd00::/64" */
function subnetsText({ sets }: Network): string {
  const subnets = sets.flatMap(({ ranges }) => ranges.map(({ subnet }) => formatCidr(subnet)));
  return [...new Set(subnets)].join(", ");
}
