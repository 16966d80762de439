import { type Cidr, tryParseCidr } from "../../address/cidr.ts";
import { isObject, type Json, member } from "../text/json-text.ts";
import { wrongValue } from "../text/wrong-value.ts";

const EXPECTED = 'an address with its prefix length such as "10.1.2.3/24"';

/**
 * The addresses of prevResult, in the shape of any version: `ips[].address` since 0.3.0, `ip4.ip`
 * and `ip6.ip` before. Undefined without prevResult.
 *
 * @throws IpamError invalidConfig naming the part that cannot be read.
 */
export function readPrevResultIps(document: Json): readonly Cidr[] | undefined {
  const result = member(document, "prevResult") ?? undefined;
  if (result === undefined) return undefined;
  if (!isObject(result)) throw wrongValue("prevResult", result, "a result object {…}");
  return [...readList(member(result, "ips")), ...readOld(result, "ip4"), ...readOld(result, "ip6")];
}

function readList(value: unknown): Cidr[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw wrongValue("prevResult.ips", value, 'a list of {"address": …}');
  return value.map((item: unknown, index) => readCidr(item, "address", `prevResult.ips[${index}]`));
}

function readOld(result: Json, key: "ip4" | "ip6"): Cidr[] {
  const value = member(result, key);
  return value === undefined || value === null ? [] : [readCidr(value, "ip", `prevResult.${key}`)];
}

function readCidr(item: unknown, key: string, path: string): Cidr {
  const text = isObject(item) ? member(item, key) : undefined;
  const cidr = typeof text === "string" ? tryParseCidr(text) : undefined;
  if (cidr === undefined) throw wrongValue(`${path}.${key}`, text, EXPECTED);
  return cidr;
}
