import { cidrInterval, formatCidr } from "../../address/cidr.ts";
import { overlaps } from "../../address/interval.ts";
import { AbsentError, UsageError } from "../../command-line/failure.ts";
import { clusterOfRecords } from "../../ipam/cluster-names.ts";
import { type ForeignNetwork, recordsOfLeases } from "../../portable/foreign-leases.ts";
import { readWhereabouts } from "../../portable/whereabouts.ts";
import { rangeInName, rangeOf } from "../../portable/whereabouts-pool.ts";
import type { WhereaboutsPool, WhereaboutsState } from "../../portable/whereabouts-state.ts";
import { clusterOf, openAccess } from "../session/kubernetes.ts";
import type { CommandContext } from "../session/open.ts";
import { knowingCluster } from "./foreign-network.ts";
import { withLegibleEntries } from "./legible-entries.ts";
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
 * @throws UsageError, AbsentError; IpamError decode, or where Kubernetes does not answer.
 */
export async function readFromWhereabouts(
  file: (() => unknown) | undefined,
  network: Omit<ForeignNetwork, "source">,
  given: SourceOptions,
  session: CommandContext,
): Promise<Source> {
  const { state, cluster } = await find(file, given, session);
  const pools = choosePools(state.pools, network, given.pool ?? []);
  const { conflicts, leases, remarks, shown, starting } = readWhereabouts(
    { ...state, pools },
    {
      ifname: given.ifname,
      skipGone: given.skipGone === true,
      subnets: network.ranges.map(({ subnet }) => subnet),
      others: state.pools.filter((pool) => !pools.includes(pool)),
      ...(given.definition !== undefined && { definition: given.definition }),
    },
  );
  if (pools.length === 0 && [leases, conflicts, starting].every(({ length }) => length === 0))
    throw noPool(state.pools, network);
  if (given.definition !== undefined && shown.length > 0 && !shown.includes(given.definition))
    throw noDefinition(given.definition, shown);
  const ranges = network.ranges.length > 0 ? network.ranges : rangesOf(pools);
  const records = recordsOfLeases(leases, {
    ...network,
    ranges,
    source: "whereabouts",
    ...(cluster !== undefined && { cluster }),
  });
  return {
    records,
    remarks,
    conflicts: [...conflicts, ...(starting.length > 0 ? [stillStarting(starting)] : [])],
    wayOut: [
      ...(conflicts.length > 0 ? [WAY_OUT] : []),
      ...(starting.length > 0 ? [WAY_OUT_OF_STARTING] : []),
    ],
  };
}

const WAY_OUT =
  "where an address is in use twice, delete one of the pods; or, on wires of their own, import one network at a time with " +
  "--definition or --pool, each into its own --space. Correct what cannot be read, or name the pools of this network with --pool";

const WAY_OUT_OF_STARTING =
  "run it again when the pods run. If a pod waits for this import, what whereabouts still holds for its name is a " +
  "leftover: leave that out with --skip-gone";

async function find(
  file: (() => unknown) | undefined,
  given: SourceOptions,
  session: CommandContext,
): Promise<Found> {
  const { parseWhereaboutsList, readWhereaboutsState } = await import(
    "../../kubernetes/objects/whereabouts.ts"
  );
  if (file !== undefined) {
    const { state, cluster } = parseWhereaboutsList(file(), "the list");
    const known =
      cluster === undefined ? clusterOfRecords((await knowingCluster(session, given)).ports) : { cluster };
    return { ...known, state: withLegibleEntries(state) };
  }
  const settings = clusterOf(given, session);
  const access = await openAccess(given, session);
  if (settings === undefined || access === undefined) {
    throw new UsageError(
      "--from whereabouts needs a cluster or a file",
      "name the cluster with --kubeconfig, or a file that kubectl made (docs/migrate.md)",
    );
  }
  const state = await readWhereaboutsState(settings, session.options.deadline);
  return { state: withLegibleEntries(state), cluster: access.names.name };
}

/**
 * A pool serves every definition with its range, so the pools of this network must be chosen. One whose range cannot
 * be read may be of it, unless its name tells another range.
 */
function choosePools(
  pools: readonly WhereaboutsPool[],
  { ranges }: Pick<ForeignNetwork, "ranges">,
  named: readonly string[],
): WhereaboutsPool[] {
  if (named.length > 0) return named.map((name) => poolCalled(name, pools));
  if (ranges.length > 0) {
    return pools.filter((pool) => {
      const range = rangeOf(pool) ?? rangeInName(pool.name);
      if (range === undefined) return true;
      return ranges.some(({ subnet }) => overlaps(cidrInterval(subnet), cidrInterval(range)));
    });
  }
  if (pools.length === 1) return [...pools];
  if (pools.length === 0)
    throw new AbsentError("whereabouts has no pools", "check that this is the cluster of whereabouts");
  throw new UsageError(
    `whereabouts has ${pools.length} pools: ${pools.map(({ name }) => name).join(", ")}`,
    "name those of this network with --pool, or its new configuration with --config",
  );
}

function noPool(pools: readonly WhereaboutsPool[], { ranges }: Pick<ForeignNetwork, "ranges">): AbsentError {
  const where = ranges.map(({ subnet }) => formatCidr(subnet)).join(", ");
  return new AbsentError(
    `no pool of whereabouts lies in ${where}, and nobody shows or reserves an address there`,
    pools.length === 0
      ? "check that this is the cluster of whereabouts"
      : `its pools are ${pools.map(({ name, range }) => `${name} (${range})`).join(", ")}`,
  );
}

/** A name that was mistyped would leave free what all pods have. */
function noDefinition(name: string, shown: readonly string[]): AbsentError {
  return new AbsentError(
    `no pod shows an address of the network through the definition '${name}'`,
    `the pods show ${shown.join(", ")}; if ${name} has no pods yet, there is nothing to import`,
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

function stillStarting(pods: readonly string[]): string {
  return `${pods.length} pods are starting, and do not show their addresses yet: ${pods.slice(0, 5).join(", ")}`;
}
