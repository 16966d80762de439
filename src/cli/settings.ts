import { readConfiguration } from "../command-line/read-configuration.ts";
import type { KubernetesSettings, NodeSettings, StoreSettings } from "../config/network-configuration.ts";
import { parseNetworkConfiguration } from "../config/parse/parse-network-configuration.ts";
import { parseNodeConfiguration } from "../config/parse/parse-node-configuration.ts";
import type { NodeFileText } from "../config/settings/node-file.ts";
import { readNodeFile } from "../runtime/node-file.ts";
import { type EtcdOptions, etcdOfOptions, throughOptions } from "./etcd-options.ts";

/** The options that say which store, and which node this is. */
export interface StoreOptions extends EtcdOptions {
  readonly config?: string;
  readonly dataDir?: string;
  readonly runDir?: string;
  readonly nodeName?: string;
  /** Seconds. */
  readonly timeout: number;
}

/** What a command works on. */
export interface Settings {
  readonly node: NodeSettings;
  readonly store: StoreSettings;
  /** The address space that a command means where none is named. */
  readonly space: string;
  readonly coolingSeconds: number;
  readonly requireInit: boolean;
  /** The kubeconfig that the plugin uses, where one is configured. */
  readonly kubeConfig?: string;
  /** What names the store, for people: a file or an option; undefined where only defaults hold. */
  readonly source?: string;
}

/**
 * Options over the configuration over the defaults. `--data-dir` alone means the embedded store there,
 * whatever the configuration says.
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
  const named = options.etcdUrl === undefined ? options.dataDir && "--data-dir" : "--etcd-url";
  return {
    ...configured,
    node,
    store: storeOf(options, configured.store, node),
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

/** Read as for a DEL: wrong ranges do not keep an operator from looking. */
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

function storeOf(options: StoreOptions, configured: StoreSettings, { dataDir }: NodeSettings): StoreSettings {
  if (options.etcdUrl !== undefined) return etcdOfOptions(options, options.etcdUrl);
  return throughOptions(options, options.dataDir === undefined ? configured : { kind: "embedded", dataDir });
}
