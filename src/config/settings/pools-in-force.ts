import { type Cidr, tryParseCidr } from "../../address/cidr.ts";
import { findOverlap, type Interval, merged } from "../../address/interval.ts";
import { subnetsOfSets } from "../../address/range.ts";
import { remembered } from "../../address/remembered.ts";
import { IpamError } from "../../ipam/errors.ts";
import { isObject, type Json, member } from "../text/json-text.ts";
import { judgeKeys } from "../text/judge-keys.ts";
import { refuseKey } from "../text/key-fault.ts";
import { POOL } from "../text/places.ts";
import type { Warn } from "../text/read-shape.ts";
import type { ClusterPools, PoolObject } from "./cluster-pools.ts";
import type { NodeFile } from "./node-file.ts";
import { type Pool, poolIntervals, readPool, readPools, spaceOfPool } from "./pools.ts";

/** All pools that networks of this node may name, or must leave alone. */
export interface Pools {
  readonly inForce: ReadonlyMap<string, Pool>;
  /** Objects of the cluster that are not in force, by name. */
  readonly faults: ReadonlyMap<string, PoolFault>;
}

export interface PoolFault {
  readonly reason: "Invalid" | "DefinedByNode" | "SharesAddresses";
  readonly error: IpamError;
  /** What it would speak for, as far as that can be read: no network of another name gets it meanwhile. */
  readonly subnets: readonly Cidr[];
}

export const NO_POOLS: Pools = { inForce: new Map(), faults: new Map() };

/**
 * The pools of the node's file, and beside them those of the cluster. The file wins over an object of the same name, and
 * over one that shares addresses with it; of two objects that share addresses the older one is in force, so that a new
 * one takes nothing from pods that run, and so that all nodes agree.
 *
 * @throws IpamError invalidConfig where the file's own pools are not valid.
 */
export function poolsInForce(file: NodeFile, warn: Warn): Pools {
  const inForce = new Map(readPools(file, warn));
  const faults = new Map<string, PoolFault>();
  if (file.clusterPools === undefined) return { inForce, faults };
  const parts = [...inForce.values()].flatMap((pool) => partsOf(pool, file));
  const candidates: (Understood & { readonly read: Pool })[] = [];
  for (const each of understood(file.clusterPools)) {
    const { name, read, subnets } = each;
    if (inForce.has(name))
      faults.set(name, { reason: "DefinedByNode", error: definedByFile(name, file), subnets: [] });
    else if (read instanceof IpamError) faults.set(name, { reason: "Invalid", error: read, subnets });
    else candidates.push({ ...each, read });
  }
  const all = [...parts, ...candidates.flatMap(({ read }) => partsOf(read, file))];
  const areApart = [...Map.groupBy(all, ({ space }) => space).values()].every(
    (ofSpace) => findOverlap(ofSpace, intervalOf) === undefined,
  );
  for (const { name, read, subnets } of candidates) {
    const own = partsOf(read, file);
    // One by one only where any share addresses.
    const shared = areApart
      ? undefined
      : findOverlap([...parts.filter(({ space }) => space === own[0]?.space), ...own], intervalOf);
    if (shared !== undefined) {
      faults.set(name, { reason: "SharesAddresses", error: sharing(read, shared), subnets });
      continue;
    }
    inForce.set(name, read);
    parts.push(...own);
  }
  return { inForce, faults };
}

/** A part of a pool that overlaps with no other part of it. */
interface Part {
  readonly pool: Pool;
  readonly space: string;
  readonly interval: Interval;
}

const intervalOf = ({ interval }: Part) => interval;

function partsOf(pool: Pool, file: NodeFile): Part[] {
  const space = spaceOfPool(pool, file);
  return merged(poolIntervals(pool)).map((interval) => ({ pool, space, interval }));
}

interface Understood {
  readonly name: string;
  readonly read: Pool | IpamError;
  readonly subnets: readonly Cidr[];
}

/** In the order in which they come into force. */
const understood = remembered(({ objects }: ClusterPools): Understood[] => {
  const inOrder = [...objects].sort((a, b) => compare(a.created, b.created) || compare(a.name, b.name));
  return inOrder.map((object) => {
    const read = tryToRead(object);
    const subnets = read instanceof IpamError ? subnetsIn(object.spec) : subnetsOfSets(read.sets);
    return { name: object.name, read, subnets };
  });
});

function tryToRead({ name, spec }: PoolObject): Pool | IpamError {
  const path = `Pool ${name}: spec`;
  try {
    judgeKeys(spec, POOL, { path, warn: () => undefined, refuse: refuseKey });
    return readPool(name, spec, { path, origin: "the cluster", warn: () => undefined });
  } catch (failure) {
    if (failure instanceof IpamError) return failure;
    throw failure;
  }
}

/** What a pool that is not valid names all the same. */
function subnetsIn(spec: unknown): Cidr[] {
  if (!isObject(spec)) return [];
  const ofRanges = listAt(spec, "ranges").flatMap((set) => (Array.isArray(set) ? set : []));
  const texts = [
    ...listAt(spec, "subnets"),
    ...ofRanges.filter(isObject).map((each) => member(each, "subnet")),
  ];
  return texts.flatMap((text) => (typeof text === "string" ? (tryParseCidr(text) ?? []) : []));
}

function listAt(section: Json, key: string): readonly unknown[] {
  const value = member(section, key);
  return Array.isArray(value) ? value : [];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function definedByFile(name: string, file: NodeFile): IpamError {
  return new IpamError(
    "invalidConfig",
    `Pool ${name} has no effect: ${file.path} defines a pool '${name}' of its own`,
    "the node's file wins: remove the pool there, or give this one another name",
  );
}

function sharing(pool: Pool, shared: readonly [Part, Part]): IpamError {
  const other = shared[0].pool === pool ? shared[1].pool : shared[0].pool;
  return new IpamError(
    "invalidConfig",
    `Pool ${pool.name} is not in force: it shares addresses with pool '${other.name}' of ${other.origin}`,
    "one pool's policy would be void: narrow one of them with rangeStart and rangeEnd, or give it its own addressSpace",
  );
}
