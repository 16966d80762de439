import { AbsentError, UsageError } from "../../command-line/failure.ts";
import { UNKNOWN } from "../../ipam/unknown-holder.ts";
import { recordsOfLeases } from "../../portable/foreign-leases.ts";
import { knownContainers } from "../../runtime/known-containers.ts";
import type { LegacyNetwork } from "../../store/configured-store.ts";
import { configuredStore } from "../../store/kinds/kinds.ts";
import { configuredNetwork } from "../session/configured-network.ts";
import type { CommandContext } from "../session/open.ts";
import { holdForUnknown, tellDamaged } from "./damaged-leases.ts";
import { machineHere, networkOf } from "./foreign-network.ts";
import { leasesOf } from "./found-leases.ts";
import { readLeaseText } from "./lease-text.ts";
import { placeLeases, remarksOn } from "./place-leases.ts";
import type { Source, SourceOptions } from "./source.ts";
import { tellRuntime } from "./tell-runtime.ts";

/**
 * Reads what kube-ipam 0.2 gave out in the whole cluster, in one network or in all.
 *
 * @throws UsageError, AbsentError, IpamError, StoreFailure.
 */
export async function readLegacy(given: SourceOptions, session: CommandContext): Promise<Source> {
  const { readLegacyNetworks } = configuredStore(session.settings.store);
  if (readLegacyNetworks === undefined) {
    throw new UsageError(
      "kube-ipam 0.2 kept its addresses in etcd, but no etcd is configured",
      "name it with --etcd-url or --config",
    );
  }
  const networks = (await readLegacyNetworks(given.network, session.options)).map(understand);
  if (networks.every(({ damaged, leases }) => leases.length + damaged.length === 0))
    throw holdsNone(given.network);
  const thisNode = session.ports.node.name;
  const skipped = given.skipDamaged === true;
  const described = await configuredNetwork(given.config);
  const placed = networks.map((old) => ({
    ...old,
    placed: placeLeases(old.leases, given, thisNode, given.containers !== undefined),
  }));
  const containers = new Set(networks.flatMap(({ leases }) => leases.map(({ container }) => container)));
  return {
    records: placed.flatMap(({ damaged, name, placed: { leases }, ranges }) => {
      const configured = networkOf(name, given, session, described);
      const own = configured.ranges.length > 0 ? configured.ranges : ranges;
      // 0.2 wrote no node, and the container that would tell it is not known.
      const held = skipped ? [] : holdForUnknown(damaged, UNKNOWN, false);
      const network = { ...configured, ...machineHere(given, session), ranges: own, source: "kube-ipam-0.2" };
      return recordsOfLeases([...leases, ...held], network);
    }),
    remarks: placed.flatMap(({ name, placed: own, unreadable }) => [
      ...remarksOn(own, name, given.containers),
      ...unreadable.map((key) => `${key} is not the address of a container: left out`),
    ]),
    ...(given.containers === undefined && { warning: allForThisNode(containers.size, thisNode) }),
    ...(networks.length > 1 && { wayOut: [APART] }),
    told: [
      ...tellDamaged(
        networks.flatMap(({ damaged }) => damaged),
        "kube-ipam 0.2",
        skipped,
      ),
      ...tellRuntime(
        placed.flatMap(({ placed: { leases } }) => leases),
        thisNode,
        knownContainers(session.settings.node.cniCacheDir),
        remedyFor(given.containers),
      ),
    ],
  };
}

const APART =
  "of networks on wires of their own import one at a time with --network, each into its own --space (its " +
  "configuration's addressSpace)";

function understand({ leases, ...network }: LegacyNetwork) {
  const found = leases.map(({ container, key, ...spelled }) => ({
    ...spelled,
    entry: key,
    holder: readLeaseText(container),
  }));
  return { ...network, ...leasesOf(found) };
}

/** The keys of 0.2 name no node, but an attachment has one, and a DEL looks only below its own node. */
function allForThisNode(containers: number, thisNode: string): string {
  return (
    `kube-ipam 0.2 did not record the node of a container: all ${containers} are imported as containers of ` +
    `'${thisNode}', and no DEL on another node frees their addresses; ` +
    "with more than one node, name each node's containers with --containers (see --help)"
  );
}

function remedyFor(containers: string | undefined): string {
  if (containers !== undefined) return `take those of this node that have ended out of ${containers}`;
  return (
    "the others are of other nodes, whose runtimes alone know them, or have ended: " +
    "name those that live, each with its node, with --containers (docs/migrate.md)"
  );
}

function holdsNone(network: string | undefined): AbsentError {
  return new AbsentError(
    `etcd holds no addresses of kube-ipam 0.2${network === undefined ? "" : ` for network '${network}'`}`,
    "0.2 keeps them at /etcd-cni/networks/<network>/used/<address>",
  );
}
