import type { ForeignLease } from "../../portable/foreign-leases.ts";
import { readContainersFile, requireWholeIds } from "./containers-file.ts";
import type { ReadableLease } from "./found-leases.ts";
import type { SourceOptions } from "./source.ts";

export interface Placed {
  readonly leases: readonly ForeignLease[];
  /** How many are of containers that --containers does not name. */
  readonly left: number;
}

/**
 * The leases with the nodes that will get their containers' DELs: those that --containers names, or all, as this
 * node's. An interface that the plugin did not write is --ifname.
 *
 * @param isHere whether what is this node's is this very machine's for certain.
 * @throws IpamError.
 */
export function placeLeases(
  leases: readonly ReadableLease[],
  given: Pick<SourceOptions, "containers" | "ifname">,
  thisNode: string,
  isHere: boolean,
): Placed {
  const nodes = nodesIn(leases, given.containers, thisNode);
  const placed = leases.flatMap(({ address, container, ifname = given.ifname }): ForeignLease[] => {
    const node = nodes === undefined ? thisNode : nodes.get(container);
    return node === undefined
      ? []
      : [{ address, container, ifname, node, isHere: isHere && node === thisNode }];
  });
  return { leases: placed, left: leases.length - placed.length };
}

function nodesIn(leases: readonly ReadableLease[], path: string | undefined, thisNode: string) {
  if (path === undefined) return undefined;
  const nodes = readContainersFile(path, thisNode);
  requireWholeIds(nodes, new Set(leases.map(({ container }) => container)), path);
  return nodes;
}

/** What is left out, in words. */
export function remarksOn({ left }: Placed, network: string, path: string | undefined): string[] {
  if (left === 0) return [];
  return [`network '${network}': ${left} addresses of containers that ${path} does not name are left out`];
}
