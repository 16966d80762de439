import { formatCidr } from "../../address/cidr.ts";
import { subnetsOfSets } from "../../address/range.ts";
import { IpamError } from "../errors.ts";
import { heldByNamesakes } from "../network-definitions.ts";
import type { FurtherNetwork } from "./further-networks.ts";
import { entryNamed, networkOf } from "./judge-claim.ts";
import { FIRST, type PodNetworks } from "./pod-networks.ts";
import { holdsAll, type KnownNetwork, type Unclaimed } from "./unclaimed.ts";

/**
 * The error for a wish that no network of the pod fulfils: it names the pod's own interfaces, and the keys
 * that speak to them. Where Kubernetes did not tell of a network, it is that failure.
 */
export function unclaimedRefusal(wish: Unclaimed, pod: PodNetworks): IpamError {
  const why = `${describePod(pod)}${namesakes(wish, pod)}${keysFor(wish, pod)}`;
  for (const definition of pod.definitions.values()) {
    if (definition.kind !== "unasked" || definition.failure === undefined) continue;
    const { details, message, name } = definition.failure;
    const what = `cannot tell which network of the pod is meant with ${wish.key} (${wish.text}): ${message}`;
    return new IpamError(name, what, [details, why].filter(Boolean).join("; "));
  }
  if (wish.scope === undefined)
    return notAllowed(`address ${wish.text} (${wish.key}) is in no subnet of the pod's networks`, why);
  return notAllowed(`annotation ${wish.key} names '${wish.scope}', ${whatIsNamed(wish.scope, pod)}`, why);
}

/** The error for an address that a key wants of the very network that it names, and that lies outside of it. */
export function outsideNamed({ key, text }: Pick<Unclaimed, "key" | "text">, why: string): IpamError {
  return notAllowed(`address ${text} (${key}) is in no subnet of the pod's networks`, why);
}

function notAllowed(message: string, why: string): IpamError {
  return new IpamError("addressNotAllowed", message, `${why}; correct the annotation or the network`);
}

function whatIsNamed(scope: string, pod: PodNetworks): string {
  const entry = entryNamed(scope, pod);
  const network = entry ? networkOf(entry, pod) : ownNetworkDefinedAs(scope, pod);
  if (network !== undefined) return `which is a definition: its network is called '${network.name}'`;
  if (entry !== undefined && pod.definitions.get(entry)?.kind === "absent")
    return "whose definition does not exist";
  return scope === FIRST || entry !== undefined
    ? "which is not known to have its addresses from kube-ipam"
    : "which is not a network or interface of the pod";
}

function ownNetworkDefinedAs(scope: string, pod: PodNetworks): KnownNetwork | undefined {
  const own = pod.further[pod.position.index];
  return own?.name === scope ? networkOf(own, pod) : undefined;
}

/** So many of the pod's interfaces are told. */
const MOST_TOLD = 8;

function describePod(pod: PodNetworks): string {
  const { asked, attached, further, position } = pod;
  const own = `${asked.ifname} is ${describe(networkAsked(pod))}`;
  if (further.length === 0 && position.index === -1 && attached.length === 0)
    return `the pod's only network is ${describe(networkAsked(pod))}`;
  const first = attached.find(({ ifname }) => ifname === FIRST);
  const others = further
    .filter((_, index) => index !== position.index)
    .slice(0, MOST_TOLD)
    .map((entry) => `${entry.ifname} is ${describeEntry(entry, pod)}`);
  return [
    "of the pod's interfaces",
    [...(first ? [`${FIRST} is '${first.network}'`] : []), own, ...others].join(", "),
  ].join(" ");
}

function describeEntry(entry: FurtherNetwork, pod: PodNetworks): string {
  const network = networkOf(entry, pod);
  if (network !== undefined) return describe(network);
  const definition = pod.definitions.get(entry);
  const named = `definition '${entry.name}'`;
  if (definition?.kind === "foreign") return `${named} of another plugin`;
  if (definition?.kind === "absent") return `${named} that does not exist`;
  return definition?.kind === "unreadable"
    ? `${named} that cannot be read (${definition.why})`
    : `${named} that is not known yet`;
}

/** A definition of the same network that has the address, but is another node's, another namespace's or of before. */
function namesakes({ asks }: Unclaimed, { asked, known }: PodNetworks): string {
  return heldByNamesakes(asked.network, known.get(asked.network.name)?.record, asks);
}

/** "; say for which network: kube-ipam.ip/lan or kube-ipam.ip/eth0, …" */
function keysFor({ asks, key }: Unclaimed, pod: PodNetworks): string {
  const { asked, attached, further, known, position } = pod;
  const [word = key] = key.split("/");
  if (further.length === 0 && attached.length === 0) {
    const other = [...known.values()].find((network) => holdsAll(network, asks));
    return other === undefined || other.name === asked.network.name
      ? ""
      : `; network '${other.name}' has it: attach the pod to that, or, if every pod gets it, write ${word}/${other.name}`;
  }
  const others = further
    .filter((_, index) => index !== position.index)
    .flatMap((entry) => {
      const network = networkOf(entry, pod);
      if (network !== undefined) return [network.name, entry.ifname];
      return pod.definitions.get(entry)?.kind === "foreign" ? [] : [entry.ifname];
    });
  const suffixes = new Set([asked.network.name, asked.ifname, ...others.slice(0, 2 * MOST_TOLD)]);
  return `; say for which network: ${[...suffixes].map((suffix) => `${word}/${suffix}`).join(", ")}`;
}

function networkAsked({ asked: { network } }: PodNetworks): KnownNetwork {
  return {
    name: network.name,
    subnets: subnetsOfSets(network.sets),
  };
}

function describe({ name, subnets }: KnownNetwork): string {
  return `'${name}' with ${[...new Set(subnets.map(formatCidr))].join(", ")}`;
}
