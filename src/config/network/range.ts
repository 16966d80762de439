import { type Address, equalAddresses, formatAddress, offsetAddress } from "../../address/address.ts";
import { type Cidr, cidrContains, formatCidr, lastOf, networkOf } from "../../address/cidr.ts";
import type { Interval } from "../../address/interval.ts";
import type { Range } from "../../address/range.ts";
import type { RANGE_ENTRIES, RANGE_ITEM_ENTRIES } from "../text/entries.ts";
import type { Reading, Values } from "../text/read-shape.ts";
import { wrongValue } from "../text/wrong-value.ts";
import { isLinkLocal, isLinkLocalGateway, whyUnusable } from "./special-subnets.ts";

export type RangeValues = Values<typeof RANGE_ENTRIES>;

/** One of `ranges`. */
export type RangeItemValues = Values<typeof RANGE_ITEM_ENTRIES>;

/**
 * One range of the configuration with its defaults (docs/behaviour.md C1-C14): gateway .1, rangeStart .2,
 * rangeEnd the last usable address.
 *
 * @param reading its path stands before each key: "ipam.ranges[0][1].".
 * @throws IpamError invalidConfig naming the key that is not valid.
 */
export function makeRange(values: RangeValues, { path, warn }: Pick<Reading, "path" | "warn">): Range {
  const subnet = makeSubnet(values.subnet, `${path}subnet`);
  if (isLinkLocal(subnet))
    warn(`${path}subnet ${formatCidr(subnet)} is link-local: other software picks such addresses too`);
  const inSubnet = (key: "rangeStart" | "rangeEnd" | "fixedStart" | "fixedEnd") =>
    requireInSubnet(values[key], subnet, path + key);
  const dynamic = makeInterval(
    inSubnet("rangeStart") ?? offsetAddress(subnet.address, 2n),
    inSubnet("rangeEnd") ?? lastUsable(subnet),
    [`${path}rangeStart`, `${path}rangeEnd`],
  );
  const fixed = fixedPart(inSubnet("fixedStart"), inSubnet("fixedEnd"), path);
  const gateway = values.gateway === "none" ? undefined : gatewayOf(values.gateway, subnet, `${path}gateway`);
  warnOfSkipped(dynamic, subnet, { path, warn });
  return { subnet, dynamic, ...(fixed && { fixed }), ...(gateway && { gateway }) };
}

function makeSubnet(subnet: Cidr | undefined, path: string): Cidr {
  if (subnet === undefined) throw wrongValue(path, undefined, 'a subnet such as "10.1.2.0/24"');
  const network = networkOf(subnet);
  if (!equalAddresses(network, subnet.address)) {
    const right = formatCidr({ address: network, prefix: subnet.prefix });
    throw wrongValue(path, formatCidr(subnet), `a network's address without host bits: ${right}`);
  }
  const reason = whyUnusable(subnet);
  if (reason !== undefined) throw wrongValue(path, formatCidr(subnet), reason);
  return subnet;
}

function requireInSubnet(address: Address | undefined, subnet: Cidr, path: string): Address | undefined {
  if (address === undefined || cidrContains(subnet, address)) return address;
  throw wrongValue(path, formatAddress(address), `an address in the subnet ${formatCidr(subnet)}`);
}

function requireGatewayInSubnet(gateway: Address, subnet: Cidr, path: string): void {
  if (cidrContains(subnet, gateway)) return;
  const { family } = subnet.address;
  const right = `an address in the subnet ${formatCidr(subnet)}${family === 6 ? ", or a link-local one (fe80::/10)" : ""}`;
  throw wrongValue(path, formatAddress(gateway), right, gateway.family === family ? wayOut(gateway) : "");
}

/** The kernel takes a gateway outside of the address's network only where a route of scope link (253) leads to it. */
function wayOut(gateway: Address): string {
  const text = formatAddress(gateway);
  const [all, host] = gateway.family === 4 ? ["0.0.0.0/0", 32] : ["::/0", 128];
  return (
    `a gateway elsewhere is reached by routes: set "gateway": "none" and "routes": [{"dst": "${text}/${host}", ` +
    `"scope": 253}, {"dst": "${all}", "gw": "${text}"}], with cniVersion 1.1.0; main plugins without that version ` +
    "need a subnet that holds the gateway, and rangeStart and rangeEnd around these addresses"
  );
}

function makeInterval(
  first: Address,
  last: Address,
  [firstPath, lastPath]: readonly [string, string],
): Interval {
  if (first.value <= last.value) return { first, last };
  throw wrongValue(firstPath, formatAddress(first), `no higher than ${lastPath} (${formatAddress(last)})`);
}

function fixedPart(
  first: Address | undefined,
  last: Address | undefined,
  path: string,
): Interval | undefined {
  if (first && last) return makeInterval(first, last, [`${path}fixedStart`, `${path}fixedEnd`]);
  if (first) throw wrongValue(`${path}fixedEnd`, undefined, `an address, as ${path}fixedStart is set`);
  if (last) throw wrongValue(`${path}fixedStart`, undefined, `an address, as ${path}fixedEnd is set`);
  return undefined;
}

/** A link-local gateway is on every link, whatever the subnet, and takes no address of it (RFC 4861). */
function gatewayOf(gateway: Address | undefined, subnet: Cidr, path: string): Address {
  if (gateway === undefined) return offsetAddress(subnet.address, 1n);
  if (isLinkLocalGateway(gateway, subnet)) return gateway;
  requireGatewayInSubnet(gateway, subnet, path);
  const unusable = equalAddresses(gateway, subnet.address) || equalAddresses(gateway, broadcastOf(subnet));
  if (!unusable) return gateway;
  throw wrongValue(
    path,
    formatAddress(gateway),
    `a host address in ${formatCidr(subnet)}, not the first or last`,
  );
}

function lastUsable(subnet: Cidr): Address {
  return subnet.address.family === 4 ? offsetAddress(lastOf(subnet), -1n) : lastOf(subnet);
}

/** IPv6 has no broadcast: there the network's own address stands in, which is refused already. */
function broadcastOf(subnet: Cidr): Address {
  return subnet.address.family === 4 ? lastOf(subnet) : subnet.address;
}

function warnOfSkipped(
  { first, last }: Interval,
  subnet: Cidr,
  { path, warn }: Pick<Reading, "path" | "warn">,
): void {
  const skipped = (key: string, what: string) =>
    warn(`${path}${key} is the ${what} address of ${formatCidr(subnet)}, which is never given out`);
  if (equalAddresses(first, subnet.address)) {
    skipped("rangeStart", subnet.address.family === 4 ? "network" : "subnet-router anycast");
  }
  if (subnet.address.family === 4 && equalAddresses(last, lastOf(subnet))) skipped("rangeEnd", "broadcast");
}
