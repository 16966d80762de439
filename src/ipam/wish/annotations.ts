import { type Address, formatAddress } from "../../address/address.ts";
import { type Cidr, cidrContains, formatCidr } from "../../address/cidr.ts";
import { type Interval, oneAddress } from "../../address/interval.ts";
import { formatInterval } from "../../address/interval-text.ts";
import { type RangeSet, rangeAmong, setsWithSubnetFor, subnetsOfSets } from "../../address/range.ts";
import { IpamError } from "../errors.ts";
import type { Network } from "../network.ts";
import type { Retention } from "../records.ts";
import type { FixedAddress } from "../wish.ts";
import { type Annotations, type Asked, malformed } from "./annotation.ts";
import { type Form, type Forms, formsOf } from "./annotation-forms.ts";
import { apportion } from "./apportion.ts";
import { outsideNamed } from "./claim-refusal.ts";
import { fillSets, fillWithIntervals } from "./fill-sets.ts";
import { requireGatewayFits } from "./fixed-address-parts.ts";
import type { Unclaimed } from "./unclaimed.ts";

/** What a pod's annotations want of one network. */
export interface AnnotatedWish {
  /** The strongest first; several for one range set are a wish that cannot be fulfilled. */
  readonly fixed: readonly FixedAddress[];
  readonly set?: readonly Interval[];
  readonly sticky: boolean;
  readonly retain: Retention;
  /** What they want of other networks than this one: `requireClaimed` says whether those exist. */
  readonly unclaimed: readonly Unclaimed[];
}

/**
 * Reads the `kube-ipam.*` annotations (docs/design.md section 5) for one network of the pod. A key with
 * "/<interface>" or "/<network>" goes before the plain one within one range set, which applies where a
 * subnet holds its address. FAIL-CLOSED: what cannot be read is an error, never "no wish", also where another form
 * goes before it.
 *
 * @throws IpamError annotationMalformed naming key, value and what would be right;
 *   addressNotAllowed for an address that was named for this very network and is outside of it.
 */
export function readAnnotations(annotations: Annotations, asked: Asked): AnnotatedWish {
  const forms = formsOf(annotations);
  const { sets } = asked.network;
  const scopes = [asked.ifname, asked.network.name, undefined];
  const ips = applying(forms.addresses, scopes).map((form) => chooseAddresses(form, asked));
  const lists = applying(forms.set, scopes).map((form) => ({ form, ...chooseSet(form, asked) }));
  const fixed = fillSets(
    sets,
    ips.map(({ own }) => own),
  ).given;
  const intervals = fillWithIntervals(
    sets,
    lists.map(({ own }) => own),
  );
  const set = intervals.flat();
  const [sticky = false] = applying(forms.sticky, scopes).map(({ read }) => read());
  const [retain = "workload" as const] = applying(forms.retain, scopes).map(({ read }) => read());
  for (const [index, { form }] of lists.entries()) requireApart(sets, fixed, form, intervals[index] ?? []);
  return {
    fixed,
    ...(set.length > 0 && { set }),
    sticky,
    retain,
    unclaimed: [...elsewhere(forms, scopes), ...[...ips, ...lists].flatMap(({ unclaimed }) => unclaimed)],
  };
}

/** The forms of these scopes, in their order: an earlier one goes before a later one. */
export function applying<T>(
  forms: readonly Form<T>[],
  scopes: readonly (string | undefined)[],
): readonly Form<T>[] {
  return [...new Set(scopes)].flatMap((scope) => forms.filter((form) => form.scope === scope));
}

/**
 * Reads kube-ipam.ip, netmask and gateway as a network does that has these subnets.
 *
 * @throws IpamError annotationMalformed, also for a gateway that is no host of the subnet.
 */
export function readAddresses(
  { find, read }: Form<FixedAddress[]>,
  subnetOf: (address: Address) => Cidr | undefined,
): FixedAddress[] {
  const addresses = read();
  for (const { address, gateway, prefix = subnetOf(address)?.prefix } of addresses)
    if (gateway !== undefined && prefix !== undefined)
      requireGatewayFits(find("gateway"), gateway, { address, prefix });
  return addresses;
}

/** The addresses that the plain keys name, as far as they can be read: for guesses only. Never throws. */
export function plainAddresses(annotations: Annotations): Address[] {
  try {
    const [plain] = applying(formsOf(annotations).addresses, [undefined]);
    return plain?.read().map(({ address }) => address) ?? [];
  } catch (failure) {
    if (failure instanceof IpamError) return [];
    throw failure;
  }
}

/**
 * A range set has one kind of wish: an address, or a list to choose from.
 *
 * @throws IpamError annotationMalformed for an interval of kube-ipam.ips that could only come from sets
 *   for which `fixed` names an address.
 */
export function requireApart(
  sets: readonly RangeSet[],
  fixed: readonly FixedAddress[],
  list: Form<unknown>,
  intervals: readonly Interval[],
): void {
  if (fixed.length === 0) return;
  const { named } = apportion(sets, fixed);
  for (const interval of intervals) {
    const holding = setsWithSubnetFor(sets, interval);
    const [beside] = holding.flatMap((set) => named.get(set) ?? []);
    if (beside === undefined || holding.some((set) => !named.has(set))) continue;
    throw malformed(list.find("ips"), `either this or ${beside.source}, not both for one range set`);
  }
}

interface Chosen<T> {
  readonly own: readonly T[];
  readonly unclaimed: readonly Unclaimed[];
}

function chooseAddresses(form: Form<FixedAddress[]>, asked: Asked): Chosen<FixedAddress> {
  const subnetOf = (address: Address) => subnetIn(asked.network, address);
  const addresses = readAddresses(form, subnetOf);
  const own = addresses.filter(({ address }) => subnetOf(address) !== undefined);
  const outside = addresses
    .filter(({ address }) => subnetOf(address) === undefined)
    .map(({ address }) => ({ key: form.key, asks: [oneAddress(address)], text: formatAddress(address) }));
  return claim(form, asked, own, outside);
}

function chooseSet(form: Form<Interval[]>, asked: Asked): Chosen<Interval> {
  const intervals = form.read();
  const isOwn = ({ first, last }: Interval) => {
    const subnet = subnetIn(asked.network, first);
    if (subnet === undefined && subnetIn(asked.network, last) === undefined) return false;
    if (subnet !== undefined && cidrContains(subnet, last)) return true;
    const subnets = subnetsText(asked.network);
    throw malformed(form.find("ips"), `each range inside one subnet of the network (${subnets})`);
  };
  const outside = intervals
    .filter((interval) => !isOwn(interval))
    .map((interval) => ({ key: form.key, asks: [interval], text: formatInterval(interval) }));
  return claim(form, asked, intervals.filter(isOwn), outside);
}

/** A key that names this very network must be met here; the plain one may mean another network. */
function claim<T>(
  { scope }: Form<unknown>,
  { network }: Asked,
  own: readonly T[],
  outside: readonly Unclaimed[],
): Chosen<T> {
  const [first] = outside;
  if (scope === undefined || first === undefined) return { own, unclaimed: outside };
  throw outsideNamed(first, `network '${network.name}', which it names, has ${subnetsText(network)}`);
}

/** What is asked of other networks and interfaces; a value that cannot be read is for them to refuse. */
function elsewhere(forms: Forms, own: readonly (string | undefined)[]): Unclaimed[] {
  const unclaimed = <T>(of: readonly Form<T>[], asksIn: (value: T) => readonly Interval[]) =>
    of.flatMap(({ present, read, scope }) => {
      if (scope === undefined || own.includes(scope)) return [];
      const asks = readableAsks(read, asksIn);
      return present.map((each) => ({ ...each, scope, asks }));
    });
  const none = () => [];
  return [
    ...unclaimed(forms.addresses, (addresses) => addresses.map(({ address }) => oneAddress(address))),
    ...unclaimed(forms.set, (intervals) => intervals),
    ...unclaimed(forms.sticky, none),
    ...unclaimed(forms.retain, none),
  ];
}

function readableAsks<T>(read: () => T, asksIn: (value: T) => readonly Interval[]): readonly Interval[] {
  try {
    return asksIn(read());
  } catch (failure) {
    if (failure instanceof IpamError) return [];
    throw failure;
  }
}

function subnetIn({ sets }: Network, address: Address): Cidr | undefined {
  return rangeAmong(sets, address)?.subnet;
}

/** "10.1.2.0/24, fd00::/64" */
function subnetsText({ sets }: Network): string {
  return [...new Set(subnetsOfSets(sets).map(formatCidr))].join(", ");
}
