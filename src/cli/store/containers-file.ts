import { readFileSync } from "node:fs";
import { CAPS } from "../../address/caps.ts";
import { cut } from "../../address/cut.ts";
import { isContainerId } from "../../config/text/cni-name.ts";
import { readRegularFile } from "../../files/regular-file.ts";
import { IpamError } from "../../ipam/errors.ts";

/** What a shortened ID has at least; Docker's and crictl's have 12 and 13 letters. */
const SHORTEST = 8;

/**
 * Reads the node of each container: lines "CONTAINER NODE", or only "CONTAINER" for this node (as
 * `crictl pods -q` prints them). Skips blank lines and lines that begin with #.
 *
 * @throws IpamError io, decode naming the line.
 */
export function readContainersFile(path: string, thisNode: string): ReadonlyMap<string, string> {
  const nodes = new Map<string, string>();
  for (const [index, line] of readText(path).split("\n").entries()) {
    const words = line.trim().split(/\s+/);
    const [container = "", node = thisNode] = words;
    if (container === "" || container.startsWith("#")) continue;
    if (words.length > 2 || !isContainerId(container)) {
      throw new IpamError(
        "decode",
        `${path}, line ${index + 1}: expected 'CONTAINER' or 'CONTAINER NODE', got '${cut(line.trim(), CAPS.shownValue)}'`,
        "a container's ID has letters, digits, '_', '.' and '-', and begins with a letter or digit",
      );
    }
    nodes.set(container, node);
  }
  return nodes;
}

function readText(path: string): string {
  try {
    return path === "-" ? readFileSync(0, "utf8") : readRegularFile(path);
  } catch (failure) {
    throw new IpamError(
      "io",
      `the list of containers ${path} cannot be read: ${(failure as Error).message}`,
      "name a file, or - for stdin, with --containers",
    );
  }
}

/**
 * Refuses the beginnings of IDs, as 'crictl pods' prints them without --no-trunc: the containers that they mean would
 * be left out, and their addresses given to others.
 *
 * @throws IpamError decode naming the first.
 */
export function requireWholeIds(
  nodes: ReadonlyMap<string, string>,
  containers: ReadonlySet<string>,
  path: string,
): void {
  const strangers = [...nodes.keys()].filter((id) => id.length >= SHORTEST && !containers.has(id));
  for (const container of containers) {
    const beginning = strangers.find((id) => container.startsWith(id));
    if (beginning === undefined) continue;
    throw new IpamError(
      "decode",
      `${path} names '${beginning}', which is only the beginning of the container ID ${container}`,
      "name whole IDs, as 'crictl pods -q --no-trunc' prints them",
    );
  }
}
