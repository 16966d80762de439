import { cidrInterval, formatCidr } from "../../address/cidr.ts";
import { type Interval, merged, overlapFinder, overlaps } from "../../address/interval.ts";
import type { Exclusion } from "../../address/not-allowed.ts";
import { type RangeSet, subnetsOfSets } from "../../address/range.ts";
import { IpamError } from "../../ipam/errors.ts";
import { hasRuntimeRanges } from "../network/own-sets.ts";
import { unknownPool } from "../settings/cluster-pools.ts";
import type { NodeFile } from "../settings/node-file.ts";
import { type Pool, poolIntervals, spaceOfPool } from "../settings/pools.ts";
import type { PoolFault, Pools } from "../settings/pools-in-force.ts";
import { type NETWORK_ENTRIES, RANGE_ENTRIES } from "../text/entries.ts";
import type { Json } from "../text/json-text.ts";
import type { Refuse } from "../text/key-fault.ts";
import type { Values, Warn } from "../text/read-shape.ts";
import { wrongValue } from "../text/wrong-value.ts";

interface Input {
  readonly document: Json;
  readonly values: Values<typeof NETWORK_ENTRIES>;
  readonly pools: Pools;
  readonly file: NodeFile | undefined;
  readonly warn: Warn;
}

/**
 * The pool that a network names, undefined for a name that is none by now, and which addresses it must not allocate: the pool's own exclusions,
 * and the parts of its subnets that belong to other pools, which a fixed address could name otherwise.
 *
 * @throws IpamError invalidConfig for a pool that is not defined, if `refuse` does, and for a network that also
 *   names addresses.
 */
export function poolOfNetwork(input: Input, refuse: Refuse): ChosenPool | undefined {
  const { document, values, pools, file, warn } = input;
  if (values.pool === undefined) return undefined;
  const pool = pools.inForce.get(values.pool);
  const fault = pools.faults.get(values.pool);
  if (pool === undefined || file === undefined) {
    const error = fault?.error ?? whyUnknown(values.pool, pools, file);
    if (error !== undefined) refuse(error);
    return { pool: undefined, exclude: [] };
  }
  if (fault !== undefined) warn(fault.error.message);
  const beside = ownAddresses(document, values);
  if (beside.length > 0) {
    throw new IpamError(
      "invalidConfig",
      `${beside.join(", ")} cannot be set together with ipam.pool: pool '${pool.name}' of ${pool.origin} names the addresses`,
      "remove one or the other from the network's configuration",
    );
  }
  const spaceOf = (each: Pool) => spaceOfPool(each, file);
  return { pool, exclude: excludedOfPool(pool, [...pools.inForce.values()], spaceOf) };
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
  const names = [...pools.inForce.keys()];
  const known = names.slice(0, NAMED).map((name) => `"${name}"`);
  const others = names.length > NAMED ? ` or one of ${names.length - NAMED} more` : "";
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
  const claims: Claim[] = [...pools.inForce.values(), ...[...pools.faults].map(claimOf)];
  const all = merged(claims.flatMap(subnetsOf));
  const overlapping = overlapFinder(
    all,
    (part) => part,
    () => "pools",
  );
  for (const subnet of subnetsOfSets(sets)) {
    if (file === undefined || overlapping(cidrInterval(subnet), "network") === undefined) continue;
    const pool = claims.find((candidate) => holdsPartOf(candidate, cidrInterval(subnet)));
    if (pool === undefined) continue;
    const error = new IpamError(
      "invalidConfig",
      `subnet ${formatCidr(subnet)} overlaps with pool '${pool.name}' of ${pool.origin}`,
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

/** A pool, or an object of the cluster that is not in force: its subnets are nobody else's meanwhile. */
type Claim = Pick<Pool, "name" | "origin" | "addressSpace"> &
  (Pick<Pool, "sets"> | Pick<PoolFault, "subnets">);

function claimOf([name, { subnets }]: readonly [string, PoolFault]): Claim {
  return { name, origin: "the cluster", subnets };
}

function subnetsOf(claim: Claim): Interval[] {
  return ("sets" in claim ? subnetsOfSets(claim.sets) : claim.subnets).map(cidrInterval);
}

function holdsPartOf(claim: Claim, interval: Pick<Exclusion, "first" | "last">): boolean {
  return subnetsOf(claim).some((subnet) => overlaps(subnet, interval));
}

/** Undefined for a verb that goes on without the cluster's pools. */
function whyUnknown(name: string, pools: Pools, file: NodeFile | undefined): IpamError | undefined {
  const missing = file?.clusterPools?.missing;
  if (missing === "unread") return undefined;
  return missing === undefined ? noSuchPool(name, pools, file) : unknownPool(name, missing);
}

function noSuchPool(name: string, { inForce }: Pools, file: NodeFile | undefined): IpamError {
  if (file === undefined) {
    return wrongValue(
      "ipam.pool",
      name,
      "left out, because this node has no configuration file that defines pools",
    );
  }
  const known = [...inForce.keys()].map((pool) => `"${pool}"`).join(", ");
  const [where, none] =
    file.clusterPools === undefined
      ? [file.path, "it defines none"]
      : [`${file.path} or of the cluster`, "there is none"];
  return wrongValue("ipam.pool", name, `a pool of ${where} (${known || none})`);
}
