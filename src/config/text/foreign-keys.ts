import { bareKey, foldKey } from "./fold-key.ts";

/** A key with which another IPAM plugin says what we have a word of our own for. */
export interface ForeignKey {
  /** Whose it is; undefined where several have it, or only people. */
  readonly whose: string | undefined;
  /** What to write here; continues "write ". */
  readonly ours: string;
}

const ONE_ADDRESS =
  'rangeStart and rangeEnd around it; one pod asks for its address with "args": {"cni": {"ips": […]}}, IP= in CNI_ARGS or the annotation kube-ipam.ip';
const BLOCK = '"subnet", with "rangeStart" and "rangeEnd" for a part of it';
const POOLS = '"subnet" or "ranges", or "pool" with the name of a pool of the node\'s file';

const TABLE: readonly (readonly [whose: string | undefined, ours: string, keys: string])[] = [
  ["static", ONE_ADDRESS, "addresses"],
  ["whereabouts", BLOCK, "range"],
  ["whereabouts", '"rangeStart"', "range_start"],
  ["whereabouts", '"rangeEnd"', "range_end"],
  ["whereabouts", '"ranges": [[{"subnet": …}]]', "ipRanges"],
  ["whereabouts", '"exclude"', "omit_ranges"],
  ["whereabouts", '"addressSpace"', "network_name"],
  ["whereabouts", '"etcdURL" in "etcdConfig"', "etcd_host"],
  ["Calico", POOLS, "ipv4_pools ipv6_pools"],
  ["Calico", 'one range set for each family in "ranges"', "assign_ipv4 assign_ipv6"],
  ["Spiderpool", POOLS, "default_ipv4_ippool default_ipv6_ippool ippool match_master_subnet"],
  ["Antrea", POOLS, "ippools"],
  ["Azure", ONE_ADDRESS, "ipAddress"],
  ["Amazon", BLOCK, "ipv4-subnet ipv6-subnet"],
  ["Amazon", ONE_ADDRESS, "ipv4-address ipv6-address"],
  ["Amazon", '"gateway"', "ipv4-gateway ipv6-gateway"],
  ["Cilium", BLOCK, "podCIDRs podCIDR"],
  ["podman", '"rangeStart" and "rangeEnd"', "lease_range"],
  [undefined, ONE_ADDRESS, "address ip ips ipAddresses staticIP staticIPs"],
  [undefined, BLOCK, "cidr cidrs ipRange subnetCIDR podSubnet"],
  [undefined, '"rangeStart"', "start startIP startAddress ipStart rangeBegin startRange"],
  [undefined, '"rangeEnd"', "end endIP endAddress ipEnd endRange"],
  [undefined, '"gateway"', "gw gatewayIP defaultGateway"],
  [undefined, '"exclude"', "excluded exclusions excludeIPs excludeRanges excludeSubnets excludeCIDRs"],
  [undefined, '"exclude"', "reserved reservedIPs reservedRanges"],
  [undefined, '"etcdConfig"', "etcd etcdConf etcdOptions"],
  [undefined, '"etcdURL" in "etcdConfig"', "etcdEndpoints etcd_endpoints etcdServers"],
  [undefined, '"namespaces", or "nodes" with labels, in a pool of the node\'s file', "nodeSelector"],
];

const entries = TABLE.flatMap(([whose, ours, keys]) =>
  keys.split(" ").map((key) => [key, { whose, ours }] as const),
);
const BY_FOLD = new Map<string, ForeignKey>(entries.map(([key, foreign]) => [foldKey(key), foreign]));
const BY_WORDS = new Map<string, ForeignKey>(entries.map(([key, foreign]) => [bareKey(key), foreign]));

/** The other plugin's key with this very spelling, but for case. */
export function foreignKey(key: string): ForeignKey | undefined {
  return BY_FOLD.get(foldKey(key));
}

/** The same, with its words put together in another way. */
export function foreignWords(key: string): ForeignKey | undefined {
  return BY_WORDS.get(bareKey(key));
}
