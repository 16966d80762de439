import { networkOfDefinition } from "../../command-line/definitions.ts";
import type { NetworkConfiguration } from "../../config/network-configuration.ts";
import { parseNetworkConfiguration } from "../../config/parse/parse-network-configuration.ts";
import { IpamError } from "../../ipam/errors.ts";
import { pastDamage } from "../../ipam/integrity/damage.ts";
import { describedNetwork } from "../../ipam/integrity/described-network.ts";
import type { Network } from "../../ipam/network.ts";
import { definitionsOf } from "../../ipam/network-definitions.ts";
import type { FurtherNetwork } from "../../ipam/wish/further-networks.ts";
import { nodeFileFor } from "../../runtime/cluster-pools.ts";
import type { ClusterAccess } from "../cluster-access.ts";
import type { KnownNetwork } from "./known-network.ts";
import { networkOfPool } from "./network-of-pool.ts";
import type { WhyContext } from "./why-context.ts";

/** All networks that are known here, by name: as configurations describe them, else as the store does. */
export async function knownNetworks({
  configured,
  ports,
  options,
  pools = [],
}: Pick<WhyContext, "configured" | "ports" | "options" | "pools">): Promise<
  ReadonlyMap<string, KnownNetwork>
> {
  const known = new Map<string, KnownNetwork>();
  const add = (network: KnownNetwork) => {
    const { name } = network.network;
    const first = known.get(name);
    known.set(name, first ? { ...first, namesakes: [...(first.namesakes ?? []), network] } : network);
  };
  for (const each of configured) add(each);
  for await (const { ref, record } of ports.store.list({ kind: "network" }, pastDamage(options, ports)))
    for (const definition of definitionsOf(record))
      add(networkInStore(networkOfPool(describedNetwork(ref.name, definition), pools)));
  return known;
}

/** What the network of an entry is looked up in. */
export interface EntryContext {
  readonly podNamespace: string;
  readonly known: ReadonlyMap<string, KnownNetwork>;
  readonly access: ClusterAccess;
}

/** What an entry of the pod's list leads to. */
export interface EntryNetwork {
  readonly network?: KnownNetwork;
  /** Why no network is known, where its definition says so. */
  readonly note?: string;
}

/**
 * The network of one entry of the pod's list, by its definition where that can be read.
 *
 * @throws IpamError tryAgain when Kubernetes does not answer.
 */
export async function networkOfEntry(
  entry: FurtherNetwork,
  { podNamespace, known, access }: EntryContext,
  deadline: number,
): Promise<EntryNetwork> {
  const namespace = entry.namespace ?? podNamespace;
  const byName = networkPart(known.get(entry.name));
  const definition = await definitionOf(namespace, entry.name, access, deadline);
  if (definition === undefined) return byName;
  const label = `NetworkAttachmentDefinition ${namespace}/${entry.name}`;
  try {
    const defined = networkOfDefinition({ ...definition }, label);
    if (defined.is === "foreign")
      return { note: `${label} names no IPAM plugin, or another one than kube-ipam` };
    if (defined.is === "elsewhere")
      return byName.network === undefined ? { note: `${label} ${CONFIGURED_ELSEWHERE}` } : byName;
    const { stdin, name } = defined.network;
    // Its pool may only be known to its node.
    const network =
      (await readableNetwork(stdin, label)) ?? known.get(typeof name === "string" ? name : entry.name);
    return network === undefined ? byName : { network };
  } catch (failure) {
    if (failure instanceof IpamError) return { note: `the configuration cannot be read: ${failure.message}` };
    throw failure;
  }
}

const CONFIGURED_ELSEWHERE =
  "has no configuration: Multus takes the network of that name from a folder of the node, /etc/cni/net.d or another; " +
  "run 'kube-ipam why' on that node, and name that folder with --conf-dir";

function networkPart(network: KnownNetwork | undefined): EntryNetwork {
  return network === undefined ? {} : { network };
}

/** Undefined also where this account may not read it. */
async function definitionOf(namespace: string, name: string, access: ClusterAccess, deadline: number) {
  try {
    return await access.definition(namespace, name, deadline);
  } catch (failure) {
    if (failure instanceof IpamError && failure.name !== "tryAgain") return undefined;
    throw failure;
  }
}

/** The network of a configuration's text, as an ADD reads it. @throws IpamError */
export async function readNetwork(stdin: string, knownBy: string): Promise<KnownNetwork> {
  const nodeFile = await nodeFileFor([stdin]);
  return configuredNetwork(parseNetworkConfiguration({ stdin, nodeFile, purpose: "add" }), knownBy);
}

/** Annotations are read from the pod: those that the runtime hands on are not seen here. */
export function configuredNetwork(
  { network, kubernetes, requestedIps }: NetworkConfiguration,
  knownBy: string,
): KnownNetwork {
  const { annotations, capabilityDeclared } = kubernetes;
  return { network, kubernetes: { annotations, capabilityDeclared }, requested: requestedIps, knownBy };
}

async function readableNetwork(stdin: string, label: string): Promise<KnownNetwork | undefined> {
  try {
    return await readNetwork(stdin, label);
  } catch {
    return undefined;
  }
}

function networkInStore(network: Network): KnownNetwork {
  const kubernetes = { annotations: "auto", capabilityDeclared: false } as const;
  return { network, kubernetes, requested: [], knownBy: "the store, as an ADD described it" };
}
