import { DEFAULT_SPACE } from "../../ipam/network.ts";
import type { EtcdValues, SettingValues } from "./hoist-settings.ts";

/** What holds where neither the network nor the node's file says anything (docs/design.md section 7). */
export const DEFAULTS = {
  addressSpace: DEFAULT_SPACE,
  dataDir: "/var/lib/kube-ipam",
  runDir: "/run/kube-ipam",
  logFile: "/var/log/kube-ipam.log",
  logLevel: "info",
  coolingSeconds: 60,
  nodeLocal: false,
  requireInit: false,
  annotations: "auto",
} as const satisfies SettingValues;

/** A black-holed endpoint costs the dial timeout, so it is short. */
export const ETCD_DEFAULTS = {
  prefix: "/kube-ipam/v1",
  dialTimeout: 1_500,
  requestTimeout: 5_000,
} as const satisfies EtcdValues;
