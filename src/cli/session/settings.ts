import { readConfiguration } from "../../command-line/read-configuration.ts";
import type { KubernetesSettings, NodeSettings, StoreSettings } from "../../config/network-configuration.ts";
import { parseNetworkConfiguration } from "../../config/parse/parse-network-configuration.ts";
import { parseNodeConfiguration } from "../../config/parse/parse-node-configuration.ts";
import type { NodeFileText } from "../../config/settings/node-file.ts";
import { readNodeFile } from "../../runtime/node-file.ts";
import type { ClusterAccess } from "../../store/configured-store.ts";
import { configuredStore } from "../../store/kinds/kinds.ts";
import { type StoreChoice, sourceOfStore, storeOfOptions } from "./store-of-options.ts";

/** The options that name the store and this node. */
export interface StoreOptions extends StoreChoice {
  readonly config?: string;
  readonly runDir?: string;
  readonly nodeName?: string;
  /** Seconds. */
  readonly timeout: number;
}

/** The node and the store that a command works on. */
export interface Settings {
  readonly node: NodeSettings;
  readonly store: StoreSettings;
  /** The address space of a command without `--space`. */
  readonly space: string;
  readonly coolingSeconds: number;
  readonly requireInit: boolean;
  /** The kubeconfig that the plugin uses, where one is configured. */
  readonly kubeConfig?: string;
  /** The cluster whose own API is the store, as that asks it. */
  readonly cluster?: ClusterAccess;
  /** What names the store, for messages: a file or an option; undefined for the default store. */
  readonly source?: string;
}

/**
 * Reads the settings: options override the configuration, which overrides the defaults. `--data-dir`
 * alone means the embedded store there, even if the configuration names another one.
 *
 * @throws UsageError; IpamError io, decode, invalidConfig.
 */
export function settingsOf(options: StoreOptions): Settings {
  const configured = configuredSettings(options.config);
  const node: NodeSettings = {
    ...configured.node,
    ...(options.dataDir !== undefined && { dataDir: options.dataDir }),
    ...(options.runDir !== undefined && { runDir: options.runDir }),
    ...(options.nodeName !== undefined && { nodeName: options.nodeName }),
  };
  const named = sourceOfStore(options);
  const store = storeOfOptions(options, { ...configured, node });
  const { ofCluster } = configuredStore(store);
  return {
    ...configured,
    node,
    store,
    ...(ofCluster && { cluster: ofCluster.settings }),
    ...(named && { source: named }),
  };
}

function configuredSettings(path: string | undefined): Settings {
  if (path === undefined) return ofNode(readNodeFile());
  const given = readConfiguration(path);
  return given.kind === "node" ? ofNode(given.file) : ofNetwork(given.stdin, given.path);
}

function ofNode(file: NodeFileText | undefined): Settings {
  const { node, store, kubernetes, addressSpace, coolingSeconds, requireInit } = parseNodeConfiguration(file);
  return {
    node,
    store,
    space: addressSpace,
    coolingSeconds,
    requireInit,
    ...kubeConfigOf(kubernetes),
    ...(file && { source: file.path }),
  };
}

/** Parses as a DEL does, which accepts wrong ranges: an operator must still be able to look. */
function ofNetwork(stdin: string, source: string): Settings {
  const { node, store, network, kubernetes } = parseNetworkConfiguration({
    stdin,
    nodeFile: readNodeFile(),
    purpose: "del",
  });
  const { space, coolingSeconds, requireInit } = network;
  return { node, store, space, coolingSeconds, requireInit, ...kubeConfigOf(kubernetes), source };
}

function kubeConfigOf({ kubeConfig }: KubernetesSettings): Pick<Settings, "kubeConfig"> {
  return kubeConfig === undefined ? {} : { kubeConfig };
}
