import { cidrInterval, formatCidr } from "../../address/cidr.ts";
import { overlaps } from "../../address/interval.ts";
import { AbsentError, UsageError } from "../../command-line/failure.ts";
import { IpamError } from "../../ipam/errors.ts";
import { type ForeignNetwork, recordsOfLeases } from "../../portable/foreign-leases.ts";
import {
  rangeOf,
  readWhereabouts,
  type WhereaboutsPool,
  type WhereaboutsState,
} from "../../portable/whereabouts.ts";
import { clusterSettings, openAccess } from "../session/kubernetes.ts";
import type { CommandContext } from "../session/open.ts";
import type { Source, SourceOptions } from "./source.ts";

/** Whereabouts' objects, from a cluster or a file. */
interface Found {
  readonly state: WhereaboutsState;
  readonly cluster?: string;
}

/**
 * Reads what whereabouts gave out in one network, as records of kube-ipam.
 *
 * @param network the network as kube-ipam's configuration names it, with its ranges where --config has them.
 * @throws UsageError, AbsentError; IpamError tryAgain while pods start.
 */
export async function readFromWhereabouts(
  file: (() => unknown) | undefined,
  network: Omit<ForeignNetwork, "source">,
  given: SourceOptions,
  session: CommandContext,
): Promise<Source> {
  const { state, cluster = session.ports.clusterNames?.name } = await find(file, given, session);
  const pools = choosePools(state.pools, network, given.pool ?? []);
  const { leases, remarks, starting } = readWhereabouts(
    { ...state, pools },
    {
      ifname: given.ifname,
      skipGone: given.skipGone === true,
      ...(given.definition !== undefined && { definition: given.definition }),
    },
  );
  if (starting.length > 0 && given.skipGone !== true) throw stillStarting(starting);
  const ranges = network.ranges.length > 0 ? network.ranges : rangesOf(pools);
  const records = recordsOfLeases(leases, {
    ...network,
    ranges,
    source: "whereabouts",
    ...(cluster !== undefined && { cluster }),
  });
  return { records, remarks };
}

async function find(
  file: (() => unknown) | undefined,
  given: SourceOptions,
  session: CommandContext,
): Promise<Found> {
  const { parseWhereaboutsList, readWhereaboutsState } = await import(
    "../../kubernetes/objects/whereabouts.ts"
  );
  if (file !== undefined) return parseWhereaboutsList(file(), "the list");
  const settings = clusterSettings(given, session);
  const access = await openAccess(given, session);
  if (settings === undefined || access === undefined) {
    throw new UsageError(
      "--from whereabouts needs a cluster or a file",
      "name the cluster with --kubeconfig, or a file that kubectl made (docs/migrate.md)",
    );
  }
  const state = await readWhereaboutsState(settings, session.options.deadline);
  return { state, cluster: access.names.name };
}

/** A pool serves every definition with its range, so the pools of this network must be chosen. */
function choosePools(
  pools: readonly WhereaboutsPool[],
  { ranges }: Pick<ForeignNetwork, "ranges">,
  named: readonly string[],
): WhereaboutsPool[] {
  if (pools.length === 0)
    throw new AbsentError("whereabouts has no pools", "check that this is the cluster of whereabouts");
  if (named.length > 0) return named.map((name) => poolCalled(name, pools));
  if (ranges.length === 0) {
    if (pools.length === 1) return [...pools];
    throw new UsageError(
      `whereabouts has ${pools.length} pools: ${pools.map(({ name }) => name).join(", ")}`,
      "name those of this network with --pool, or its new configuration with --config",
    );
  }
  const chosen = pools.filter((pool) => {
    const range = rangeOf(pool);
    return (
      range !== undefined && ranges.some(({ subnet }) => overlaps(cidrInterval(subnet), cidrInterval(range)))
    );
  });
  if (chosen.length > 0) return chosen;
  throw new AbsentError(
    `no pool of whereabouts lies in ${ranges.map(({ subnet }) => formatCidr(subnet)).join(", ")}`,
    `its pools are ${pools.map(({ name, range }) => `${name} (${range})`).join(", ")}`,
  );
}

function poolCalled(name: string, pools: readonly WhereaboutsPool[]): WhereaboutsPool {
  const pool = pools.find((each) => each.name === name);
  if (pool !== undefined) return pool;
  throw new AbsentError(
    `whereabouts has no pool '${name}'`,
    `its pools are ${pools.map((each) => each.name).join(", ")}`,
  );
}

function rangesOf(pools: readonly WhereaboutsPool[]): ForeignNetwork["ranges"] {
  return pools.flatMap((pool) => {
    const subnet = rangeOf(pool);
    return subnet === undefined ? [] : [{ subnet }];
  });
}

function stillStarting(pods: readonly string[]): IpamError {
  return new IpamError(
    "tryAgain",
    `${pods.length} pods are starting, and do not show their addresses yet: ${pods.slice(0, 5).join(", ")}`,
    "run it again when they run; nothing is written. If a pod waits for this import, what whereabouts still holds for " +
      "its name is a leftover: leave that out with --skip-gone",
  );
}
