import * as v from "valibot";
import type { Address } from "../../address/address.ts";
import { tryParseAddress } from "../../address/address.ts";
import { etcdEndpoints } from "./etcd-endpoints.ts";
import { isObject, type Json } from "./json-text.ts";
import {
  address,
  cidr,
  duration,
  flag,
  integerBetween,
  interval,
  listOf,
  name,
  oneOf,
  path,
  type Shape,
  secret,
  sectionOf,
  text,
  textThat,
} from "./shapes.ts";

/** Every key of the configuration and what its value must look like (docs/design.md section 7). */

/** A gateway, or that there is none. */
export type Gateway = Address | "none";

/** A link-local gateway is one on the pod's own interface, so the interface that a zone names has no meaning. */
const gatewayAddress = (value: string): string =>
  value.includes("%")
    ? `an IP address without a zone ("${value.slice(value.indexOf("%"))}")`
    : "an IP address";

const gateway: Shape<Gateway> = textThat(
  (value) => `${gatewayAddress(value)}, or "none"`,
  (value) => (value === "none" || value === "" ? "none" : tryParseAddress(value)),
);

export const RANGE_ENTRIES = {
  subnet: cidr,
  rangeStart: address,
  rangeEnd: address,
  gateway,
  fixedStart: address,
  fixedEnd: address,
};

export const EXCLUDE = listOf(interval, "addresses, networks and ranges");

/** A range of `ranges`: there `exclude` speaks of this range alone. */
export const RANGE_ITEM_ENTRIES = { ...RANGE_ENTRIES, exclude: EXCLUDE };

const count = integerBetween(0, 0xffff_ffff);

export const ROUTE_ENTRIES = {
  dst: cidr,
  gw: textThat(gatewayAddress, (value) => (value === "" ? "none" : tryParseAddress(value))) as Shape<Gateway>,
  mtu: count,
  advmss: count,
  priority: count,
  table: count,
  scope: integerBetween(0, 255),
};

export const ETCD_ENTRIES = {
  etcdURL: etcdEndpoints,
  etcdCertFile: path,
  etcdKeyFile: path,
  etcdTrustedCAFileFile: path,
  etcdTrustedCAFile: path,
  username: secret,
  password: secret,
  passwordFile: path,
  prefix: textThat('a key prefix such as "/kube-ipam/v1"', keyPrefix),
  dialTimeout: duration,
  requestTimeout: duration,
  kubeConfig: path,
};

export const RANGES = listOf(
  listOf(sectionOf(optional(RANGE_ITEM_ENTRIES)), 'ranges {"subnet": …}'),
  'range sets [[{"subnet": …}]]',
);

/** The network's own part: no node's file says it. */
export const NETWORK_ENTRIES = {
  type: text,
  name: text,
  pool: name,
  ...RANGE_ENTRIES,
  ranges: RANGES,
  routes: listOf(sectionOf(optional(ROUTE_ENTRIES)), 'routes {"dst": …}'),
};

/** What may stand in the node's file, under what each network says. */
export const SETTING_ENTRIES = {
  exclude: EXCLUDE,
  resolvConf: path,
  kubeConfig: path,
  store: oneOf(["embedded", "etcd", "kubernetes"]),
  etcdConfig: sectionOf(optional(ETCD_ENTRIES)),
  addressSpace: name,
  dataDir: path,
  runDir: path,
  cniCacheDir: path,
  logFile: path,
  logLevel: oneOf(["debug", "info", "warn", "error"]),
  nodeName: name,
  coolingSeconds: integerBetween(0, 86_400),
  nodeLocal: flag,
  requireInit: flag,
  annotations: oneOf(["auto", "off"]),
};

/** What only the node's file may say, beside its pools. */
export const FILE_ENTRIES = {
  poolsOnly: flag,
};

const names = listOf(name, "names");

export const POOL_ENTRIES = {
  subnets: listOf(cidr, "networks"),
  ranges: RANGES,
  exclude: EXCLUDE,
  addressSpace: name,
  nodes: v.pipe(
    v.custom<Json>(isObject, 'an object of node labels {"rack": "a1"}'),
    v.record(v.string(), v.string("a string")),
  ),
  namespaces: names,
  fixedNamespaces: names,
  maxPerNamespace: integerBetween(1, 0xffff_ffff),
};

type Optional<E> = {
  readonly [K in keyof E]: E[K] extends Shape<unknown> ? v.ExactOptionalSchema<E[K], undefined> : never;
};

function optional<E extends Readonly<Record<string, Shape<unknown>>>>(entries: E): Optional<E> {
  const made = Object.entries(entries).map(([key, shape]) => [key, v.exactOptional(shape)]);
  return Object.fromEntries(made) as Optional<E>;
}

/** etcd's keys begin with it; a slash at the end is left out. */
function keyPrefix(value: string): string | undefined {
  const prefix = value.replace(/\/$/, "");
  return /^(\/[!-.0-~]+)+$/.test(prefix) ? prefix : undefined;
}
