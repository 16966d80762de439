import * as v from "valibot";
import { formatAddress, tryParseAddress } from "../../address/address.ts";
import type { Shape } from "./shapes.ts";

/** Each endpoint as "https://host:port" or "http://host:port", in the order given, without repetitions. */
export type Endpoints = readonly string[];

const CLIENT_PORT = "2379";

const LIST = 'a comma list of URLs such as "https://10.1.2.3:2379,https://[2001:db8::3]:2379"';

/**
 * Reads etcdURL: a comma list in which blanks, empty entries and trailing slashes are tolerated, and
 * each entry stands for itself (docs/behaviour.md K23). Refuses user names in a URL, since URLs are logged.
 */
export const etcdEndpoints: Shape<Endpoints> = v.pipe(
  v.string(LIST),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const entries = dataset.value.split(",").map((entry) => entry.trim());
    const endpoints = entries.filter((entry) => entry !== "").map(readEndpoint);
    const problem = problemOf(entries, endpoints);
    if (problem === undefined) return [...new Set(endpoints.filter((endpoint) => endpoint !== undefined))];
    addIssue({ message: problem });
    return NEVER;
  }),
);

function problemOf(
  entries: readonly string[],
  endpoints: readonly (string | undefined)[],
): string | undefined {
  if (entries.some((entry) => entry.includes("@")))
    return `${LIST} without user names (use the keys username and password)`;
  return endpoints.length === 0 || endpoints.includes(undefined) ? LIST : undefined;
}

function readEndpoint(text: string): string | undefined {
  const url = /^(https?):\/\/(\[[^\]]+\]|[^/:]+)(?::([0-9]{1,5}))?\/?$/i.exec(text);
  const [, scheme, hostText, port = CLIENT_PORT] = url ?? [];
  const host = hostText && readHost(hostText);
  if (scheme === undefined || !host || Number(port) < 1 || Number(port) > 65_535) return undefined;
  return `${scheme.toLowerCase()}://${host}:${Number(port)}`;
}

/** An IPv4 address, an IPv6 literal in brackets, or a DNS name (RFC 1123 section 2.1). */
function readHost(text: string): string | undefined {
  if (text.startsWith("[")) {
    const address = tryParseAddress(text.slice(1, -1));
    return address && (address.family === 6 ? `[${formatAddress(address)}]` : formatAddress(address));
  }
  if (/^[0-9.]+$/.test(text)) return tryParseAddress(text) && text;
  const label = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?";
  return new RegExp(`^${label}(?:\\.${label})*\\.?$`, "i").test(text) ? text.toLowerCase() : undefined;
}
