import { tryParseAddress } from "../../address/address.ts";
import { CAPS } from "../../address/caps.ts";
import { tryParseCidr } from "../../address/cidr.ts";
import { cut } from "../../address/cut.ts";
import { rangeAmong } from "../../address/range.ts";
import type { FixedAddress } from "../wish.ts";
import { type Annotation, type Annotations, type Asked, malformed, requireFewParts } from "./annotation.ts";
import { type FurtherNetwork, furtherNetworks, KEY } from "./further-networks.ts";
import { isMoved, numberOf } from "./pod-networks.ts";

/**
 * The addresses ("ips") that the pod's list of further networks names for this interface. Multus hands them
 * on where the definition declares the capability ips, and drops them without a word where it does not
 * (FAIL-CLOSED).
 *
 * @throws IpamError annotationMalformed for what is no address, and for another prefix length than the subnet's.
 */
export function listedAddresses(annotations: Annotations, asked: Asked): FixedAddress[] {
  const entries = furtherNetworks(annotations);
  const { certain, likely } = ownEntry(entries, asked);
  const list = { key: KEY, text: annotations[KEY] ?? "" };
  const read = ({ ips = [] }: Pick<FurtherNetwork, "ips"> = {}) => {
    requireFewParts(list, ips.length);
    return ips.map((text) => readListed(text, list, asked));
  };
  // The entry of this number may be another interface's, which the cluster's own networks have moved up.
  const isHere = ({ address }: FixedAddress) => rangeAmong(asked.network.sets, address) !== undefined;
  return certain ? read(certain) : read(likely).filter(isHere);
}

function ownEntry(
  entries: readonly FurtherNetwork[],
  { ifname, network }: Asked,
): { readonly certain?: FurtherNetwork | undefined; readonly likely?: FurtherNetwork | undefined } {
  const given = entries.find((entry) => entry.numbered === undefined && entry.ifname === ifname);
  const number = numberOf(ifname);
  if (given !== undefined || number === undefined) return { certain: given };
  const named = entries.filter(({ name, numbered }) => name === network.name && isMoved(numbered, number));
  const exact = entries.find(({ numbered }) => numbered === number);
  if (named.length === 1) return { certain: named[0] };
  return exact !== undefined && named.includes(exact) ? { certain: exact } : { likely: exact };
}

function readListed(text: string, list: Annotation, { network }: Asked): FixedAddress {
  const cidr = tryParseCidr(text.trim());
  const address = cidr?.address ?? tryParseAddress(text.trim());
  if (address === undefined)
    throw malformed(list, `IP addresses for "ips", not '${cut(text, CAPS.shownValue)}'`);
  const subnet = rangeAmong(network.sets, address)?.subnet;
  if (cidr !== undefined && subnet !== undefined && cidr.prefix !== subnet.prefix)
    throw malformed(list, `/${subnet.prefix}, the subnet's prefix length, for '${text}'`);
  return { address, source: `ips in ${KEY}` };
}
