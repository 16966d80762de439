import { closeSync, readSync } from "node:fs";
import { tryParseAddress } from "../../address/address.ts";
import { openFile } from "../../files/open-file.ts";
import { IpamError } from "../../ipam/errors.ts";

/** DNS information of a result (CNI specification, "DNS well-known structure"). */
export interface Dns {
  readonly nameservers?: readonly string[];
  readonly domain?: string;
  readonly search?: readonly string[];
  readonly options?: readonly string[];
}

/** A resolver's configuration has a few lines; more is not read. */
const MOST_BYTES = 256 * 1024;

/**
 * Reads a file in resolv.conf(5) format. Repeated lines add up, except `domain`: the last one counts.
 *
 * @param byNetwork nobody who administers this node has named the file, so it must be a resolver's
 *   configuration from its first line to its last: the result shows what stands in it.
 * @throws IpamError io naming the file; invalidConfig for another kind of file, without its content.
 */
export function readResolvConf(path: string, byNetwork = false): Dns {
  const text = readText(path);
  if (byNetwork) requireResolvers(path, text);
  return parseResolvConf(text);
}

const KEYWORDS: ReadonlySet<string> = new Set(["nameserver", "domain", "search", "sortlist", "options"]);

function requireResolvers(path: string, text: string): void {
  const other = text.split("\n").findIndex((line) => !isResolvers(wordsOf(line)));
  if (other === -1 && text.length < MOST_BYTES) return;
  const where = other === -1 ? "it is too long" : `line ${other + 1} is none of a resolver's configuration`;
  throw new IpamError(
    "invalidConfig",
    `resolvConf '${path}' is not shown to a network: ${where}`,
    `a network may name files of ${[...KEYWORDS].join(", ")} and comments only; or name the file in the node's file`,
  );
}

/** What names, networks and options are made of. */
const WORD = /^[\w.:/-]{1,253}$/;

function isResolvers([keyword = "", ...values]: readonly string[]): boolean {
  if (keyword === "") return true;
  const [value] = values;
  if (keyword === "nameserver" && value !== undefined)
    return tryParseAddress(value.replace(/%[^\s%/]{1,15}$/, "")) !== undefined;
  return KEYWORDS.has(keyword) && values.every((each) => WORD.test(each));
}

export function parseResolvConf(text: string): Dns {
  const nameservers: string[] = [];
  const search: string[] = [];
  const options: string[] = [];
  let domain: string | undefined;
  for (const line of text.split("\n")) {
    const [keyword, ...words] = wordsOf(line);
    if (words[0] === undefined) continue;
    if (keyword === "nameserver") nameservers.push(words[0]);
    else if (keyword === "domain") domain = words[0];
    else if (keyword === "search") search.push(...words);
    else if (keyword === "options") options.push(...words);
  }
  return {
    ...(nameservers.length > 0 && { nameservers }),
    ...(domain !== undefined && { domain }),
    ...(search.length > 0 && { search }),
    ...(options.length > 0 && { options }),
  };
}

function wordsOf(line: string): string[] {
  const words = line.trim().split(/\s+/);
  const comment = words.findIndex((word) => word.startsWith("#") || word.startsWith(";"));
  const said = comment === -1 ? words : words.slice(0, comment);
  // As the C library, which also ends a server's address at a comment that follows without a blank.
  return said[0] === "nameserver" ? said.map((word) => word.replace(/[#;].*/, "")) : said;
}

function readText(path: string): string {
  try {
    const descriptor = openFile(path);
    try {
      const buffer = new Uint8Array(MOST_BYTES);
      return new TextDecoder().decode(buffer.subarray(0, readSync(descriptor, buffer, 0, MOST_BYTES, 0)));
    } finally {
      closeSync(descriptor);
    }
  } catch (failure) {
    throw new IpamError(
      "io",
      `resolvConf '${path}' cannot be read: ${failure instanceof Error ? failure.message : String(failure)}`,
      "create the file, or remove the key resolvConf from the network's ipam section",
    );
  }
}
