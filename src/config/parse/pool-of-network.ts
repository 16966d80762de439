import { cidrInterval, formatCidr } from "../../address/cidr.ts";
import { type Interval, merged, overlapFinder, overlaps } from "../../address/interval.ts";
import type { Exclusion } from "../../address/not-allowed.ts";
import { type RangeSet, subnetsOfSets } from "../../address/range.ts";
import { IpamError } from "../../ipam/errors.ts";
import { hasRuntimeRanges } from "../network/own-sets.ts";
import type { NodeFile } from "../settings/node-file.ts";
import { type Pool, poolIntervals, spaceOfPool } from "../settings/pools.ts";
import { type NETWORK_ENTRIES, RANGE_ENTRIES } from "../text/entries.ts";
import type { Json } from "../text/json-text.ts";
import type { Refuse } from "../text/key-fault.ts";
import type { Values } from "../text/read-shape.ts";
import { wrongValue } from "../text/wrong-value.ts";

type Pools = ReadonlyMap<string, Pool>;

interface Input {
  readonly document: Json;
  readonly values: Values<typeof NETWORK_ENTRIES>;
  readonly pools: Pools;
  readonly file: NodeFile | undefined;
}

/**
 * The pool that a network names, undefined for a name that is none by now, and which addresses it must not allocate: the pool's own exclusions,
 * and the parts of its subnets that belong to other pools, which a fixed address could name otherwise.
 *
 * @throws IpamError invalidConfig for a pool that is not defined, if `refuse` does, and for a network that also
 *   names addresses.
 */
export function poolOfNetwork(input: Input, refuse: Refuse): ChosenPool | undefined {
  const { document, values, pools, file } = input;
  if (values.pool === undefined) return undefined;
  const pool = pools.get(values.pool);
  if (pool === undefined || file === undefined) {
    refuse(noSuchPool(values.pool, pools, file));
    return { pool: undefined, exclude: [] };
  }
  const beside = ownAddresses(document, values);
  if (beside.length > 0) {
    throw new IpamError(
      "invalidConfig",
      `${beside.join(", ")} cannot be set together with ipam.pool: pool '${pool.name}' of ${file.path} names the addresses`,
      "remove one or the other from the network's configuration",
    );
  }
  const spaceOf = (each: Pool) => spaceOfPool(each, file);
  return { pool, exclude: excludedOfPool(pool, [...pools.values()], spaceOf) };
}

interface ChosenPool {
  readonly pool: Pool | undefined;
  readonly exclude: readonly Exclusion[];
}

/** The keys with which a network names addresses itself. */
function ownAddresses(document: Json, values: Input["values"]): string[] {
  const keys = [...Object.keys(RANGE_ENTRIES), "ranges"]
    .filter((key) => Object.hasOwn(values, key))
    .map((key) => `ipam.${key}`);
  return hasRuntimeRanges(document) ? [...keys, "runtimeConfig.ipRanges"] : keys;
}

/** The error for a network that names no pool, where the node's file lets networks use pools only. */
export function namesNoPool({ document, values, pools, file }: Input & { readonly file: NodeFile }) {
  const own = ownAddresses(document, values);
  const instead = own.length === 0 ? "" : ` instead of ${own.join(", ")}`;
  const known = [...pools.keys()].slice(0, NAMED).map((name) => `"${name}"`);
  const others = pools.size > NAMED ? ` or one of ${pools.size - NAMED} more` : "";
  return new IpamError(
    "invalidConfig",
    `${own.join(", ") || "a network without ipam.pool"} is not allowed: ${file.path} lets networks use its pools only (poolsOnly)`,
    known.length === 0
      ? `${file.path} defines no pool yet: its administrator defines one`
      : `write "pool": ${known.join(" or ")}${others}${instead}`,
  );
}

/** So many pools are named; the number of the others follows. */
const NAMED = 10;

/**
 * A network with subnets of its own must not overlap a pool, not even in another address space: the author
 * of the network also chooses the wire.
 *
 * @param refuse hears of the first that overlaps, naming subnet and pool.
 */
export function requireApartFromPools(
  sets: readonly RangeSet[],
  pools: Pools,
  file: NodeFile | undefined,
  refuse: Refuse,
): void {
  const all = merged([...pools.values()].flatMap(subnetsOf));
  const overlapping = overlapFinder(
    all,
    (part) => part,
    () => "pools",
  );
  for (const subnet of subnetsOfSets(sets)) {
    if (file === undefined || overlapping(cidrInterval(subnet), "network") === undefined) continue;
    const pool = [...pools.values()].find((candidate) => holdsPartOf(candidate, cidrInterval(subnet)));
    if (pool === undefined) continue;
    const error = new IpamError(
      "invalidConfig",
      `subnet ${formatCidr(subnet)} overlaps with pool '${pool.name}' of ${file.path}`,
      `a pool's addresses are allocated only under its policy: write "pool": "${pool.name}" instead of the subnet; ` +
        `or, if this network is on another wire, define a pool of its own for it in ${file.path}, with an addressSpace ` +
        `of its own (that of '${pool.name}' is '${spaceOfPool(pool, file)}')`,
    );
    refuse(error);
    return;
  }
}

/** What a network that uses the pool never gives out: the pool's exclusions, and what other pools of its space speak for. */
export function excludedOfPool(
  own: Pool,
  pools: readonly Pool[],
  spaceOf: (pool: Pool) => string,
): Exclusion[] {
  const overlapping = overlapFinder(
    merged(subnetsOf(own)),
    (part) => part,
    () => "own",
  );
  const others = pools
    .filter((pool) => pool !== own && spaceOf(pool) === spaceOf(own))
    .flatMap((pool) =>
      poolIntervals(pool).map((part) => ({ ...part, because: `belongs to pool '${pool.name}'` })),
    );
  return [...own.exclude, ...others.filter((part) => overlapping(part, "other") !== undefined)];
}

function subnetsOf({ sets }: Pool): Interval[] {
  return subnetsOfSets(sets).map(cidrInterval);
}

function holdsPartOf({ sets }: Pool, interval: Pick<Exclusion, "first" | "last">): boolean {
  return sets.some(({ ranges }) => ranges.some(({ subnet }) => overlaps(cidrInterval(subnet), interval)));
}

function noSuchPool(name: string, pools: Pools, file: NodeFile | undefined): IpamError {
  if (file === undefined) {
    return wrongValue(
      "ipam.pool",
      name,
      "left out, because this node has no configuration file that defines pools",
    );
  }
  const known = [...pools.keys()].map((pool) => `"${pool}"`).join(", ");
  return wrongValue("ipam.pool", name, `a pool of ${file.path} (${known || "it defines none"})`);
}
