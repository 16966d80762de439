import type { Address } from "../../address/address.ts";
import { type Cidr, cidrContains, formatCidr } from "../../address/cidr.ts";
import { IpamError } from "../errors.ts";
import type { Annotations, Asked } from "./annotation.ts";
import { type FurtherNetwork, furtherNetworks } from "./further-networks.ts";

/** A wish for another network than the one that is judged: an address outside of it, or a key for another. */
export interface Unclaimed {
  readonly key: string;
  /** The value, or the part of it, for messages. */
  readonly text: string;
  /** Network or interface that the key names. */
  readonly scope?: string;
  readonly first?: Address;
  readonly last?: Address;
}

/** A network that the store knows of. */
export interface KnownNetwork {
  readonly name: string;
  readonly subnets: readonly Cidr[];
}

/** What the store knows of networks. */
export interface Networks {
  readonly known: readonly KnownNetwork[];
  /** Those in which other interfaces of the same container have addresses already. */
  readonly attached: ReadonlySet<string>;
}

/**
 * Every wish must fit one of the pod's networks, or the pod would silently get another address than
 * it names. A pod without further networks is judged at once. With them, a wish may also be for another
 * known network of the pod, or for one that is attached later and not known yet: the list of further
 * networks names definitions, whose configurations may have other names.
 *
 * @throws IpamError addressNotAllowed for the first wish that no network can fulfil.
 */
export function requireClaimed(
  unclaimed: readonly Unclaimed[],
  annotations: Annotations,
  asked: Asked,
  networks: Networks,
): void {
  const further = furtherNetworks(annotations);
  for (const wish of unclaimed) {
    if (isClaimed(wish, further, asked, networks) || anyUnknownYet(further, asked, networks.known)) continue;
    throw nowhereToBeFound(wish, explain(wish, asked, further, networks.known));
  }
}

/** Whether a wish for another network than the one that is judged may be for this one. */
export function mayMean({ first, last, scope }: Unclaimed, { name, subnets }: KnownNetwork): boolean {
  if (scope !== undefined) return name === scope;
  if (first === undefined || last === undefined) return false;
  return subnets.some((subnet) => cidrContains(subnet, first) && cidrContains(subnet, last));
}

/** The error for a wish that no network of the pod can fulfil. */
export function nowhereToBeFound({ key, first, scope, text }: Unclaimed, why: string): IpamError {
  const message =
    first === undefined
      ? `annotation ${key} names '${scope}', which is not a network or interface of the pod`
      : `address ${text} (${key}) is in no subnet of the pod's networks`;
  return new IpamError("addressNotAllowed", message, `${why}; correct the annotation or the network`);
}

function isClaimed(
  wish: Unclaimed,
  further: readonly FurtherNetwork[],
  asked: Asked,
  { attached, known }: Networks,
): boolean {
  if (further.length === 0) return false;
  const { scope } = wish;
  const others = further.filter(({ ifname }) => ifname !== asked.ifname);
  if (scope === "eth0" || others.some(({ name, ifname }) => scope === name || scope === ifname)) return true;
  return known.some(
    (network) =>
      mayMean(wish, network) &&
      (attached.has(network.name) || others.some(({ name }) => name === network.name)),
  );
}

/** Networks before this one were attached already, and are known if they are ours at all. */
function anyUnknownYet(
  further: readonly FurtherNetwork[],
  { ifname }: Asked,
  known: readonly KnownNetwork[],
): boolean {
  const own = further.findIndex((entry) => entry.ifname === ifname);
  return further.slice(own + 1).some(({ name }) => !known.some((network) => network.name === name));
}

function explain(
  wish: Unclaimed,
  asked: Asked,
  further: readonly FurtherNetwork[],
  known: readonly KnownNetwork[],
): string {
  const subnets = asked.network.sets.flatMap(({ ranges }) => ranges.map(({ subnet }) => subnet));
  const own = { name: asked.network.name, subnets };
  if (further.length === 0) return `the pod's only network is ${describe(own)}`;
  const others = known.filter(({ name }) => name !== own.name);
  const texts = others.map(
    (each) => describe(each) + (mayMean(wish, each) ? ", which is not a network of the pod" : ""),
  );
  return `the networks known here are ${[describe(own), ...texts].join("; ")}`;
}

function describe({ name, subnets }: KnownNetwork): string {
  return `'${name}' with ${[...new Set(subnets.map(formatCidr))].join(", ")}`;
}
