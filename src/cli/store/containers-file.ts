import { readFileSync } from "node:fs";
import { IpamError } from "../../ipam/errors.ts";

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
    if (words.length > 2) {
      throw new IpamError(
        "decode",
        `${path}, line ${index + 1}: expected 'CONTAINER' or 'CONTAINER NODE', got '${line.trim()}'`,
      );
    }
    nodes.set(container, node);
  }
  return nodes;
}

function readText(path: string): string {
  try {
    return readFileSync(path === "-" ? 0 : path, "utf8");
  } catch (failure) {
    throw new IpamError(
      "io",
      `the list of containers ${path} cannot be read: ${(failure as Error).message}`,
      "name a file, or - for stdin, with --containers",
    );
  }
}
