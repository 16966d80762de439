import { type Address, formatAddress } from "../../address/address.ts";
import { type Cidr, cidrContains, formatCidr } from "../../address/cidr.ts";
import type { Interval } from "../../address/interval.ts";
import { formatInterval } from "../../address/interval-text.ts";
import { rangeAmong } from "../../address/range.ts";
import { IpamError } from "../errors.ts";
import type { Network } from "../network.ts";
import type { Retention } from "../records.ts";
import type { FixedAddress } from "../wish.ts";
import { type Annotations, type Asked, malformed } from "./annotation.ts";
import { type Form, type Forms, formsOf } from "./annotation-forms.ts";
import { requireGatewayFits } from "./fixed-address-parts.ts";
import { nowhereToBeFound, type Unclaimed } from "./unclaimed.ts";

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
  const forms = formsOf(annotations);
  const scopes = [asked.ifname, asked.network.name, undefined];
  const addresses = applying(forms.addresses, scopes);
  const sets = applying(forms.set, scopes);
  const ip = foremost(addresses.map((form) => chooseAddresses(form, asked)));
  const set = foremost(sets.map((form) => chooseSet(form, asked)));
  if (ip.own.length > 0 && set.own.length > 0) refuseBoth(addresses[0], sets[0]);
  const [sticky = false] = applying(forms.sticky, scopes).map(({ read }) => read());
  const [retain = "workload" as const] = applying(forms.retain, scopes).map(({ read }) => read());
  return {
    fixed: ip.own,
    ...(set.own.length > 0 && { set: set.own }),
    sticky,
    retain,
    unclaimed: [...elsewhere(forms, scopes), ...ip.unclaimed, ...set.unclaimed],
  };
}

/** The forms of these scopes, in their order: the first one applies. */
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

/** A pod has one kind of wish in a network. @throws IpamError annotationMalformed where both are there. */
export function refuseBoth(address: Form<unknown> | undefined, set: Form<unknown> | undefined): void {
  if (address === undefined || set === undefined) return;
  throw malformed(set.find("ips"), `either this or ${address.key}, not both for one network`);
}

interface Chosen<T> {
  readonly own: readonly T[];
  readonly unclaimed: readonly Unclaimed[];
}

/** The first form of a key applies; what the others name must be some network's of the pod all the same. */
function foremost<T>(forms: readonly Chosen<T>[]): Chosen<T> {
  return { own: forms[0]?.own ?? [], unclaimed: forms.flatMap(({ unclaimed }) => unclaimed) };
}

function chooseAddresses(form: Form<FixedAddress[]>, asked: Asked): Chosen<FixedAddress> {
  const subnetOf = (address: Address) => subnetIn(asked.network, address);
  const addresses = readAddresses(form, subnetOf);
  const own = addresses.filter(({ address }) => subnetOf(address) !== undefined);
  const outside = addresses
    .filter(({ address }) => subnetOf(address) === undefined)
    .map(({ address }) => ({ key: form.key, first: address, last: address, text: formatAddress(address) }));
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
    .map((interval) => ({ key: form.key, ...interval, text: formatInterval(interval) }));
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
  throw nowhereToBeFound(first, `network '${network.name}', which it names, has ${subnetsText(network)}`);
}

/** What is asked of other networks and interfaces, unread. */
function elsewhere(forms: Forms, own: readonly (string | undefined)[]): Unclaimed[] {
  const all: readonly Form<unknown>[] = Object.values(forms).flat();
  return all.flatMap(({ present, scope }) =>
    scope === undefined || own.includes(scope) ? [] : present.map((each) => ({ ...each, scope })),
  );
}

function subnetIn({ sets }: Network, address: Address): Cidr | undefined {
  return rangeAmong(sets, address)?.subnet;
}

/** "10.1.2.0/24, fd00::/64" */
function subnetsText({ sets }: Network): string {
  const subnets = sets.flatMap(({ ranges }) => ranges.map(({ subnet }) => formatCidr(subnet)));
  return [...new Set(subnets)].join(", ");
}
