import { formatCidr } from "../../address/cidr.ts";
import { findOverlap, type Interval, merged } from "../../address/interval.ts";
import { type RangeSet, subnetsOfSets } from "../../address/range.ts";
import { IpamError } from "../../ipam/errors.ts";
import type { PoolPolicy } from "../../ipam/network.ts";
import { disjointSets, excludedIn, type PlacedSet, placeRange, placeSets } from "../network/range-sets.ts";
import { POOL_ENTRIES } from "../text/entries.ts";
import { isObject } from "../text/json-text.ts";
import { readEntries, readShape, type Values, type Warn } from "../text/read-shape.ts";
import { name as nameShape } from "../text/shapes.ts";
import { wrongValue } from "../text/wrong-value.ts";
import type { NodeFile } from "./node-file.ts";
import { DEFAULTS } from "./setting-defaults.ts";

/** A named range with policy that the node's file, or an object of the cluster, defines and networks use by name. */
export interface Pool {
  readonly name: string;
  readonly sets: readonly RangeSet[];
  readonly exclude: readonly Interval[];
  /** Undefined: the node's. */
  readonly addressSpace?: string;
  readonly policy: PoolPolicy;
  /** Who defines it, for messages: the node's file, or the cluster. */
  readonly origin: string;
}

type PoolValues = Values<typeof POOL_ENTRIES>;

/**
 * All pools of the node's file itself, by name.
 *
 * @throws IpamError invalidConfig for a pool that is not valid, and for two pools that share an
 * address, since the stricter policy of the two would have no effect.
 */
export function readPools(file: NodeFile, warn: Warn): ReadonlyMap<string, Pool> {
  const pools = Object.entries(file.pools).map(([name, section]) =>
    poolOfFile(name, section, file.path, warn),
  );
  requireApart(pools, file);
  return new Map(pools.map((pool) => [pool.name, pool]));
}

/** All addresses of a pool: its dynamic ranges and its fixed parts. */
export function poolIntervals({ sets }: Pool): Interval[] {
  return sets.flatMap(({ ranges }) =>
    ranges.flatMap(({ dynamic, fixed }) => (fixed ? [dynamic, fixed] : [dynamic])),
  );
}

/** Where the pool's addresses are unique. */
export function spaceOfPool({ addressSpace }: Pick<Pool, "addressSpace">, { settings }: NodeFile): string {
  return addressSpace ?? settings.addressSpace ?? DEFAULTS.addressSpace;
}

function poolOfFile(name: string, section: unknown, file: string, warn: Warn): Pool {
  readShape(nameShape, name, `${file}: the pool's name`);
  return readPool(name, section, { path: `${file}: pools.${name}`, origin: file, warn });
}

interface ReadingPool extends Pick<Pool, "origin"> {
  /** Where it stands, for messages. */
  readonly path: string;
  readonly warn: Warn;
}

/** One pool. @throws IpamError invalidConfig naming the key that is not valid. */
export function readPool(name: string, section: unknown, { origin, path, warn }: ReadingPool): Pool {
  if (!isObject(section)) throw wrongValue(path, section, 'an object {"subnets": […]}');
  const values = readEntries(POOL_ENTRIES, section, { path: `${path}.`, warn });
  const { exclude = [], addressSpace } = values;
  const sets = poolSets(values, path, warn);
  return {
    name,
    sets: disjointSets(sets),
    exclude: [...exclude, ...excludedIn(sets)],
    ...(addressSpace && { addressSpace }),
    policy: policyOf(name, values),
    origin,
  };
}

/** `subnets` of one family are fallbacks of each other; of two families, a pod gets one of each. */
function poolSets({ subnets = [], ranges = [] }: PoolValues, path: string, warn: Warn): PlacedSet[] {
  const placed = subnets.map((subnet, index) => placeRange({ subnet }, `${path}.subnets[${index}]`, warn));
  const ofFamily = (family: 4 | 6) => placed.filter(({ range }) => range.subnet.address.family === family);
  const [first = 4] = placed.map(({ range }) => range.subnet.address.family);
  const sets = [ofFamily(first), ofFamily(first === 4 ? 6 : 4), ...placeSets(ranges, `${path}.ranges`, warn)];
  const used = sets.filter((set) => set.length > 0);
  if (used.length > 0) return used;
  throw new IpamError("invalidConfig", `${path} names no addresses`, 'set "subnets" or "ranges"');
}

function policyOf(
  pool: string,
  { nodes, namespaces, fixedNamespaces, maxPerNamespace }: PoolValues,
): PoolPolicy {
  return {
    pool,
    ...(nodes && { nodes }),
    ...(namespaces && { namespaces }),
    ...(fixedNamespaces && { fixedNamespaces }),
    ...(maxPerNamespace !== undefined && { maxPerNamespace }),
  };
}

function requireApart(pools: readonly Pool[], file: NodeFile): void {
  for (const ofSpace of Map.groupBy(pools, (pool) => spaceOfPool(pool, file)).values()) {
    const parts = ofSpace.flatMap((pool) =>
      merged(poolIntervals(pool)).map((interval) => ({ pool, interval })),
    );
    const overlap = findOverlap(parts, ({ interval }) => interval);
    if (overlap !== undefined) throw sharing(overlap[0].pool, overlap[1].pool, file);
  }
}

function sharing(one: Pool, other: Pool, file: NodeFile): IpamError {
  return new IpamError(
    "invalidConfig",
    `${file.path}: pools '${one.name}' (${subnetsOf(one)}) and '${other.name}' (${subnetsOf(other)}) share addresses`,
    "one pool's policy would be void: narrow one of them with rangeStart and rangeEnd, or give it its own addressSpace",
  );
}

function subnetsOf({ sets }: Pool): string {
  return subnetsOfSets(sets).map(formatCidr).join(", ");
}
