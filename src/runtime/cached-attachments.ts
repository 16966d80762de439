import { dirname } from "node:path";
import { formatAddress } from "../address/address.ts";
import type { Cidr } from "../address/cidr.ts";
import { rangeAmong } from "../address/range.ts";
import { withOwnFolders } from "../cni/own-folders.ts";
import type { NetworkConfiguration } from "../config/network-configuration.ts";
import { ourPlugin } from "../config/parse/our-plugin.ts";
import { parseNetworkConfiguration } from "../config/parse/parse-network-configuration.ts";
import type { NodeFileText } from "../config/settings/node-file.ts";
import { isObject, type Json } from "../config/text/json-text.ts";
import { NETWORK_OR_LIST } from "../config/text/places.ts";
import { readDocument } from "../config/text/read-document.ts";
import { clusterOfRecords } from "../ipam/cluster-names.ts";
import type { LivingAttachment } from "../ipam/journal-entry.ts";
import type { Ports } from "../ipam/ports.ts";
import { type AttachmentRecord, type NamespaceId, type PodId, RECORD_VERSION } from "../ipam/records.ts";
import { type CachedResult, readCachedResults } from "../node/libcni-cache.ts";
import { identifyNamespace } from "../node/namespaces.ts";
import { withLastPools } from "./cluster-pools-file.ts";
import { readNodeFile } from "./node-file.ts";
import type { Asking } from "./open-ports.ts";

/**
 * The attachments of this store in the runtime's CNI cache, without those whose namespace is certainly
 * gone. They replace a journal that was lost. Logs entries that cannot be read.
 */
export async function cachedAttachments(
  configuration: Asking["configuration"],
  ports: Ports,
  deadline: number,
): Promise<LivingAttachment[]> {
  const { results, unreadable } = readCachedResults(configuration.node.cniCacheDir);
  if (unreadable.length > 0)
    ports.log("warn", "kube-ipam cannot read results in the runtime's CNI cache", { files: unreadable });
  // Without its pool it would not be known which of the addresses are ours, nor where they are unique.
  const nodeFile = withLastPools(readNodeFile(), configuration.node.dataDir);
  const ours = results.flatMap((cached) => understand(cached, configuration, ports, nodeFile));
  const seen = new Set(
    ours.flatMap(({ namespace }) => (namespace?.device === undefined ? [] : [dirname(namespace.path)])),
  );
  const living: LivingAttachment[] = [];
  for (const each of ours) {
    const { netns } = each.cached;
    // Other namespaces are visible in its folder, so one that is not there is gone.
    if (each.namespace === undefined && seen.has(dirname(netns))) continue;
    living.push({ record: await recordOf(each, ports, deadline) });
  }
  return living;
}

/**
 * The node and store settings of the networks of living attachments in the runtime's CNI cache, by which
 * an agent that starts finds its stores. Leaves out what cannot be read.
 */
export function cachedConfigurations(cniCacheDir: string | undefined): Asking["configuration"][] {
  const nodeFile = readNodeFile();
  const configurations = new Map<string, Asking["configuration"]>();
  for (const { config, netns, path } of readCachedResults(cniCacheDir).results) {
    if (netns === "" || identifyNamespace(netns)?.device === undefined) continue;
    try {
      const plugin = pluginIn(config, path);
      if (plugin === undefined) continue;
      const stdin = JSON.stringify(plugin);
      const parsed = parseNetworkConfiguration({ stdin, purpose: "del", ...(nodeFile && { nodeFile }) });
      const { node, store, kubernetes } = withOwnFolders(parsed, "DEL");
      configurations.set(JSON.stringify([node, store, kubernetes.kubeConfig]), { node, store, kubernetes });
    } catch {
      // The next call for this network reports what is wrong with it.
    }
  }
  return [...configurations.values()];
}

/** As a DEL reads it: an attachment is there, whatever is wrong with its configuration by now. */
function pluginIn(config: string, path: string): Json | undefined {
  return ourPlugin(readDocument(config, { subject: path, place: NETWORK_OR_LIST, refuse: () => undefined }));
}

interface Understood {
  readonly cached: CachedResult;
  readonly network: NetworkConfiguration["network"];
  readonly ips: readonly Cidr[];
  readonly namespace: NamespaceId | undefined;
}

function understand(
  cached: CachedResult,
  { store }: Asking["configuration"],
  ports: Ports,
  nodeFile: NodeFileText | undefined,
): Understood[] {
  try {
    const plugin = pluginIn(cached.config, cached.path);
    if (plugin === undefined) return [];
    const stdin = JSON.stringify({
      ...plugin,
      ...(isObject(cached.result) && { prevResult: cached.result }),
    });
    const parsed = parseNetworkConfiguration({ stdin, purpose: "check", ...(nodeFile && { nodeFile }) });
    if (!Bun.deepEquals(parsed.store, store)) return [];
    const { sets } = parsed.network;
    const ips = (parsed.prevResultIps ?? []).filter(({ address }) => rangeAmong(sets, address) !== undefined);
    if (ips.length === 0) return [];
    const namespace = cached.netns === "" ? undefined : ports.node.identifyNamespace(cached.netns);
    return [{ cached, network: parsed.network, ips, namespace }];
  } catch (failure) {
    ports.log("warn", `kube-ipam cannot use ${cached.path} of the runtime's CNI cache`, {
      reason: failure instanceof Error ? failure.message : String(failure),
    });
    return [];
  }
}

async function recordOf(understood: Understood, ports: Ports, deadline: number): Promise<AttachmentRecord> {
  const { cached, ips, namespace, network } = understood;
  const { container, ifname, netns } = cached;
  const pod = podOf(cached);
  return {
    version: RECORD_VERSION,
    space: network.space,
    addresses: ips.map(({ address }) => formatAddress(address)),
    prefixes: ips.map(({ prefix }) => prefix),
    gateways: ips.map(({ address }) => {
      const gateway = rangeAmong(network.sets, address)?.gateway;
      return gateway === undefined ? null : formatAddress(gateway);
    }),
    origin: "dynamic",
    holder: {
      attachment: { network: network.name, container, ifname },
      ...(pod && { pod }),
      node: ports.node.name,
      nodeVerified: pod !== undefined && (await runsHere(pod, ports, deadline)),
      bootId: ports.node.bootId,
      machine: ports.node.machineId(),
      namespace: namespace ?? { path: netns },
      requestId: `cached:${container}`,
      ...clusterOfRecords(ports),
    },
  };
}

/** Only a pod that Kubernetes has placed here proves this node's name. */
async function runsHere(pod: PodId, { cluster, node }: Ports, deadline: number): Promise<boolean> {
  const facts = await cluster?.pod(pod, deadline).catch(() => undefined);
  return facts !== undefined && facts.uid === pod.uid && facts.nodeName === node.name;
}

function podOf({ args }: CachedResult): PodId | undefined {
  const of = (key: string) => args.find(([name]) => name === key)?.[1];
  const [namespace, name, uid] = ["K8S_POD_NAMESPACE", "K8S_POD_NAME", "K8S_POD_UID"].map(of);
  if (!namespace || !name) return undefined;
  return { namespace, name, ...(uid && { uid }) };
}
