import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
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
 * @throws IpamError io naming the file.
 */
export function readResolvConf(path: string): Dns {
  return parseResolvConf(readText(path));
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
  return comment === -1 ? words : words.slice(0, comment);
}

function readText(path: string): string {
  try {
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if (!fstatSync(descriptor).isFile()) throw new Error("it is not a regular file");
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
