import type { Address } from "../address/address.ts";
import type { Cidr } from "../address/cidr.ts";
import type { Network } from "../ipam/network.ts";

/**
 * A network's configuration after parsing, defaults, the node's file and its locks (docs/design.md
 * section 7).
 */
export interface NetworkConfiguration {
  /** As given; "0.1.0" where absent. */
  readonly cniVersion: string;
  readonly network: Network;
  readonly routes: readonly Route[];
  /** Path to read nameservers from at ADD. */
  readonly resolvConf?: string;
  /** The network itself names it: no administrator vouches for it. */
  readonly resolvConfByNetwork?: true;
  /** Addresses asked for by runtimeConfig.ips and args.cni.ips: of those for one range set, the first source's. */
  readonly requestedIps: readonly RequestedIp[];
  readonly node: NodeSettings;
  readonly store: StoreSettings;
  readonly kubernetes: KubernetesSettings;
  /** Addresses of prevResult.ips (any version's shape), for CHECK; undefined without prevResult. */
  readonly prevResultIps?: readonly Cidr[];
  /** From cni.dev/valid-attachments or cni.dev/attachments; undefined when neither key is there. */
  readonly validAttachments?: readonly { readonly container: string; readonly ifname: string }[];
  /** For the log: unknown keys, skipped range ends, link-local subnets. */
  readonly warnings: readonly string[];
}

export interface RequestedIp {
  readonly address: Address;
  readonly prefix?: number;
  readonly source: "runtimeConfig.ips" | "args.cni.ips" | "CNI_ARGS IP";
}

/** A route of the result; the fields after `gw` exist in results from 1.1.0 on. */
export interface Route {
  readonly dst: Cidr;
  readonly gw?: Address;
  readonly mtu?: number;
  readonly advmss?: number;
  readonly priority?: number;
  readonly table?: number;
  readonly scope?: number;
}

/** Where things lie on this node. */
export interface NodeSettings {
  readonly dataDir: string;
  readonly runDir: string;
  /** Where the runtime's CNI library keeps results; undefined: $CNI_CACHE, else /var/lib/cni. */
  readonly cniCacheDir?: string;
  readonly logFile: string;
  readonly logLevel: "debug" | "info" | "warn" | "error";
  /** Undefined: $NODE_NAME, else the host name. */
  readonly nodeName?: string;
  readonly nodeLocal: boolean;
  /** Which of these paths the network itself names: no administrator vouches for them. Absent: none. */
  readonly byNetwork?: readonly ("dataDir" | "runDir" | "logFile")[];
}

/** Their kind is asked for in src/store/kinds alone; everybody else asks for what a store can do. */
export type StoreSettings = EmbeddedSettings | EtcdSettings | KubernetesStoreSettings;

export interface EmbeddedSettings {
  readonly kind: "embedded";
  readonly dataDir: string;
}

export interface EtcdSettings {
  readonly kind: "etcd";
  /** Each "http://…" or "https://…". */
  readonly endpoints: readonly string[];
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly trustedCaFile?: string;
  readonly username?: string;
  readonly password?: string;
  readonly passwordFile?: string;
  /** The network itself names passwordFile, and the servers that the password goes to. */
  readonly passwordByNetwork?: true;
  /** Default "/kube-ipam/v1". */
  readonly prefix: string;
  readonly dialTimeoutMs: number;
  readonly requestTimeoutMs: number;
}

/** The objects of the cluster's own API. */
export interface KubernetesStoreSettings {
  readonly kind: "kubernetes";
  /** Path of a kubeconfig; absent: `kubeConfigs`, else the service account of this pod. */
  readonly kubeConfig?: string;
  /** An operator's kubeconfigs, which are read as one. */
  readonly kubeConfigs?: readonly string[];
  /** An operator's choice among their contexts; absent: the current one. */
  readonly context?: string;
  /** The network itself names it: no administrator vouches for it. */
  readonly byNetwork?: true;
}

export interface KubernetesSettings {
  readonly kubeConfig?: string;
  /** "off": this network never asks what a pod wants. */
  readonly annotations: "auto" | "off";
  /** The configuration declares the capability io.kubernetes.cri.pod-annotations. */
  readonly capabilityDeclared: boolean;
  /** runtimeConfig["io.kubernetes.cri.pod-annotations"], when the key was delivered. */
  readonly podAnnotations?: Readonly<Record<string, string>>;
}
