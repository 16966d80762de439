import { formatAddress } from "../../address/address.ts";
import { cidrContains, formatCidr, networkOf } from "../../address/cidr.ts";
import { type RangeSet, setsWithSubnetOf, subnetsOfSets } from "../../address/range.ts";
import { remembered } from "../../address/remembered.ts";
import type { Network } from "../../ipam/network.ts";
import { fillSets } from "../../ipam/wish/fill-sets.ts";
import type { NetworkConfiguration, RequestedIp } from "../network-configuration.ts";
import { isObject, type Json, member } from "../text/json-text.ts";
import { readShape } from "../text/read-shape.ts";
import { listOf, type Shape, textThat } from "../text/shapes.ts";
import { wrongValue } from "../text/wrong-value.ts";
import type { CniArgs } from "./cni-args.ts";
import { tryParseIp, withoutRepeats } from "./ip-list.ts";

/**
 * The addresses that the runtime asks for by name. Within one range set `IP=` in CNI_ARGS yields to
 * `args.cni.ips`, and both to `runtimeConfig.ips`; each fills the sets that those leave unnamed
 * (docs/design.md section 5). An empty list asks for nothing.
 *
 * @throws IpamError invalidConfig for a prefix length other than that of the subnet.
 */
export function requestedIps(configuration: NetworkConfiguration, args: CniArgs): readonly RequestedIp[] {
  const { requestedIps: configured, network } = configuration;
  const ips = fillSets(network.sets, [configured, args.ips]).given;
  for (const ip of ips) requireSubnetsPrefix(ip, network);
  return ips;
}

/** Reads `runtimeConfig.ips`, and `args.cni.ips` for the range sets that those leave. */
export function configuredIps(document: Json, sets: readonly RangeSet[]): readonly RequestedIp[] {
  return fillSets(sets, [
    readIps(memberOf(document, "runtimeConfig", "ips"), "runtimeConfig.ips"),
    readIps(memberOf(document, "args", "cni", "ips"), "args.cni.ips"),
  ]).given;
}

const ipsShape = listOf(
  textThat('an address such as "10.1.2.3", or with the prefix length of its subnet', tryParseIp) as Shape<
    Omit<RequestedIp, "source">
  >,
  "addresses",
);

function readIps(value: unknown, source: "runtimeConfig.ips" | "args.cni.ips"): RequestedIp[] {
  if (value === undefined || value === null) return [];
  return withoutRepeats(readShape(ipsShape, value, source).map((ip) => ({ ...ip, source })));
}

/** A wish inside something that cannot be read is not 'no wish' (FAIL-CLOSED). */
function memberOf(document: Json, ...keys: readonly string[]): unknown {
  let value: unknown = document;
  for (const [index, key] of keys.entries()) {
    if (value === undefined || value === null) return undefined;
    if (!isObject(value)) throw wrongValue(keys.slice(0, index).join("."), value, "an object {…}");
    value = member(value, key);
  }
  return value;
}

function requireSubnetsPrefix({ address, prefix, source }: RequestedIp, { sets }: Network): void {
  if (prefix === undefined || setsWithSubnetOf(sets, address).length === 0) return;
  if (subnetTexts(sets).has(formatCidr({ address: networkOf({ address, prefix }), prefix }))) return;
  const subnets = subnetsOfSets(sets).filter((subnet) => cidrContains(subnet, address));
  const right = subnets.map((subnet) => `/${subnet.prefix} (subnet ${formatCidr(subnet)})`).join(" or ");
  throw wrongValue(
    source,
    `${formatAddress(address)}/${prefix}`,
    `an address without prefix length, or with ${right}`,
  );
}

const subnetTexts = remembered((sets: readonly RangeSet[]) => new Set(subnetsOfSets(sets).map(formatCidr)));
