import { existsSync } from "node:fs";
import { checkNetworks } from "../../cli/doctor/networks.ts";
import type { ClusterAccess } from "../../cli/kubernetes.ts";
import type { Session } from "../../cli/open.ts";
import { networkIn, readConfiguration } from "../../command-line/read-configuration.ts";
import type { NetworkConfiguration, RequestedIp } from "../../config/network-configuration.ts";
import { parseNetworkConfiguration } from "../../config/parse/parse-network-configuration.ts";
import { IpamError } from "../../ipam/errors.ts";
import { pastDamage } from "../../ipam/integrity/damage.ts";
import { networkOfRecord } from "../../ipam/integrity/network-of-record.ts";
import type { Network } from "../../ipam/network.ts";
import type { FurtherNetwork } from "../../ipam/wish/further-networks.ts";
import type { AnnotationSource } from "../../ipam/wish/wish-of-pod.ts";
import { readNodeFile } from "../../runtime/node-file.ts";

/** A network, and from where it is known. */
export interface KnownNetwork {
  readonly network: Network;
  readonly kubernetes: AnnotationSource;
  readonly requested: readonly RequestedIp[];
  /** For people. */
  readonly knownBy: string;
}

export interface NetworkOptions {
  readonly config?: string;
  readonly confDir: string;
}

/** All networks that are known here by name, as exactly as they are known: configurations before the store. */
export async function knownNetworks(
  { config, confDir }: NetworkOptions,
  { ports, options }: Pick<Session, "ports" | "options">,
): Promise<ReadonlyMap<string, KnownNetwork>> {
  const known = new Map<string, KnownNetwork>();
  const add = (network: KnownNetwork) => {
    if (!known.has(network.network.name)) known.set(network.network.name, network);
  };
  const given = config === undefined ? undefined : readConfiguration(config);
  if (given?.kind === "network") add(ofConfiguration(parse(given.stdin), given.path));
  if (existsSync(confDir)) {
    for (const each of (await checkNetworks(confDir)).configurations) add(ofConfiguration(each, confDir));
  }
  for await (const { ref, record } of ports.store.list({ kind: "network" }, pastDamage(options, ports)))
    add(ofStore(networkOfRecord(ref.name, record)));
  return known;
}

/**
 * The network of one entry of the pod's list, by its definition where that can be read.
 *
 * @throws IpamError tryAgain when Kubernetes does not answer.
 */
export async function networkOfEntry(
  entry: FurtherNetwork,
  podNamespace: string,
  known: ReadonlyMap<string, KnownNetwork>,
  access: ClusterAccess,
  deadline: number,
): Promise<KnownNetwork | undefined> {
  const namespace = entry.namespace ?? podNamespace;
  const label = `NetworkAttachmentDefinition ${namespace}/${entry.name}`;
  try {
    const definition = await access.definition(namespace, entry.name, deadline);
    const network = definition && networkIn({ ...definition }, label);
    if (network === undefined) return known.get(entry.name);
    const name = typeof network.name === "string" ? network.name : entry.name;
    // Its pool may only be known to its node.
    return configured(network, label) ?? known.get(name) ?? known.get(entry.name);
  } catch (failure) {
    if (failure instanceof IpamError && failure.name !== "tryAgain") return known.get(entry.name);
    throw failure;
  }
}

function configured(network: object, label: string): KnownNetwork | undefined {
  try {
    return ofConfiguration(parse(JSON.stringify(network)), label);
  } catch {
    return undefined;
  }
}

function parse(stdin: string): NetworkConfiguration {
  return parseNetworkConfiguration({ stdin, nodeFile: readNodeFile(), purpose: "add" });
}

/** The runtime's delivery of annotations is not seen here: they are read from the pod. */
function ofConfiguration(
  { network, kubernetes, requestedIps }: NetworkConfiguration,
  knownBy: string,
): KnownNetwork {
  const { annotations, capabilityDeclared } = kubernetes;
  return { network, kubernetes: { annotations, capabilityDeclared }, requested: requestedIps, knownBy };
}

function ofStore(network: Network): KnownNetwork {
  const kubernetes = { annotations: "auto", capabilityDeclared: false } as const;
  return { network, kubernetes, requested: [], knownBy: "the store, as its last ADD described it" };
}
