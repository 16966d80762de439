import type { Exclusion } from "../../address/not-allowed.ts";
import type { RangeSet } from "../../address/range.ts";
import { IpamError } from "../../ipam/errors.ts";
import { ownSets } from "../network/own-sets.ts";
import { makeRoutes } from "../network/routes.ts";
import type { Route } from "../network-configuration.ts";
import type { NodeFile } from "../settings/node-file.ts";
import type { Pool } from "../settings/pools.ts";
import { NO_POOLS, poolsInForce } from "../settings/pools-in-force.ts";
import { NETWORK_ENTRIES } from "../text/entries.ts";
import { type Json, member } from "../text/json-text.ts";
import type { Refuse } from "../text/key-fault.ts";
import { readEntries, type Warn } from "../text/read-shape.ts";
import { namesNoPool, poolOfNetwork, requireApartFromPools } from "./pool-of-network.ts";
import { requireWithinCaps } from "./within-caps.ts";

/** What a network gives out, from its own configuration or from a pool. */
export interface NetworkAddresses {
  readonly sets: readonly RangeSet[];
  /** Of single ranges or of the pool, and what other pools speak for. */
  readonly exclude: readonly Exclusion[];
  readonly routes: readonly Route[];
  readonly pool?: Pool;
}

interface Input {
  readonly document: Json;
  readonly ipam: Json;
  readonly file: NodeFile | undefined;
  readonly warn: Warn;
  /** Hears of keys that would have to be ignored. */
  readonly refuse: Refuse;
}

/**
 * @throws IpamError invalidConfig for ranges or routes that are not valid, for a network that would
 * allocate a pool's addresses past its policy, and for one without a pool where only pools are allowed.
 */
export function addressesOfNetwork({ document, ipam, file, warn, refuse }: Input): NetworkAddresses {
  requireWithinCaps(document);
  const values = readEntries(NETWORK_ENTRIES, ipam, { path: "ipam.", warn });
  const pools = file ? poolsInForce(file, warn) : NO_POOLS;
  const chosen = poolOfNetwork({ document, values, pools, file, warn }, refuse);
  if (chosen === undefined && file?.poolsOnly) refuse(namesNoPool({ document, values, pools, file, warn }));
  const { sets, exclude } = chosen
    ? { sets: chosen.pool?.sets ?? [], exclude: chosen.exclude }
    : ownSets({ document, values, warn, refuse });
  if (chosen === undefined) requireApartFromPools(sets, pools, file, refuse);
  requireOnePerFamily(document, sets);
  const routes = makeRoutes(values.routes ?? [], sets, warn);
  return { ...(chosen?.pool && { pool: chosen.pool }), exclude, sets, routes };
}

/**
 * Results up to 0.2.0 have room for one address per family; a second one would leak (docs/behaviour.md B6).
 */
function requireOnePerFamily(document: Json, sets: readonly RangeSet[]): void {
  const version = member(document, "cniVersion") || "0.1.0";
  if (version !== "0.1.0" && version !== "0.2.0") return;
  const families = sets.map(({ ranges }) => ranges[0]?.subnet.address.family);
  const twice = families.find((family, index) => families.indexOf(family) !== index);
  if (twice === undefined) return;
  throw new IpamError(
    "invalidConfig",
    `cniVersion ${version} has room for one address per family, but ${
      families.filter((family) => family === twice).length
    } range sets are IPv${twice}`,
    'set "cniVersion": "0.3.1" or later, or put the ranges into one set, where they are fallbacks of each other',
  );
}
