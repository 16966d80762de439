import { readFileSync } from "node:fs";
import type { Range } from "../../address/range.ts";
import { AbsentError, UsageError } from "../../command-line/failure.ts";
import { readConfiguration } from "../../command-line/read-configuration.ts";
import { parseNetworkConfiguration } from "../../config/parse/parse-network-configuration.ts";
import { parseJsonObject } from "../../config/text/json-text.ts";
import { IpamError } from "../../ipam/errors.ts";
import { type ForeignLease, type ForeignNetwork, recordsOfLeases } from "../../portable/foreign-leases.ts";
import { parseDocument } from "../../portable/parse-document.ts";
import { readNodeFile } from "../../runtime/node-file.ts";
import { configuredStore } from "../../store/kinds/kinds.ts";
import type { CommandContext } from "../session/open.ts";
import { readContainersFile } from "./containers-file.ts";
import { HOST_LOCAL_FOLDER, readHostLocalFolder } from "./host-local-folder.ts";
import type { Source, SourceOptions } from "./source.ts";

/**
 * Reads the records to import from the source that the options name.
 *
 * @throws UsageError, AbsentError, IpamError, StoreFailure.
 */
export function readSource(
  file: string | undefined,
  given: SourceOptions,
  session: CommandContext,
): Promise<Source> {
  if (given.from === "export") return readDocument(file);
  if (given.from === "whereabouts") return readWhereabouts(file, given, session);
  if (file !== undefined)
    throw new UsageError(`--from ${given.from} reads no file '${file}'`, "leave the file out");
  return given.from === "host-local" ? readHostLocal(given, session) : readLegacy(given, session);
}

async function readDocument(file: string | undefined): Promise<Source> {
  if (file === undefined) throw new UsageError("no file to import is named", "name one, or - for stdin");
  const source = file === "-" ? "stdin" : file;
  return { records: parseDocument(parseJsonObject(readText(file), source), source), remarks: [] };
}

async function readWhereabouts(
  file: string | undefined,
  given: SourceOptions,
  session: CommandContext,
): Promise<Source> {
  const name = given.network ?? configuredNetwork(given.config)?.name;
  if (name === undefined)
    throw new UsageError(
      "--from whereabouts needs --network",
      "name the network as kube-ipam's configuration does, or that configuration with --config",
    );
  const document = file === undefined ? undefined : () => parseJsonObject(readText(file), file);
  const { readFromWhereabouts } = await import("./whereabouts-source.ts");
  return readFromWhereabouts(document, networkOf(name, given, session), given, session);
}

function readText(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (failure) {
    throw new IpamError(
      "io",
      `${file} cannot be read: ${(failure as Error).message}`,
      "name a file that 'kube-ipam store export' made",
    );
  }
}

async function readHostLocal(given: SourceOptions, session: CommandContext): Promise<Source> {
  const { network } = given;
  if (network === undefined)
    throw new UsageError("--from host-local needs --network", "name the network as its configuration does");
  const { path, leases } = readHostLocalFolder(given.folder ?? HOST_LOCAL_FOLDER, network);
  if (leases.length === 0)
    throw new AbsentError(`${path} holds no address`, "name host-local's folder with --folder");
  return sourceOf(leases, { ...networkOf(network, given, session), source: "host-local" }, given, session);
}

async function readLegacy(given: SourceOptions, session: CommandContext): Promise<Source> {
  const { readLegacyNetworks } = configuredStore(session.settings.store);
  if (readLegacyNetworks === undefined) {
    throw new UsageError(
      "kube-ipam 0.2 kept its addresses in etcd, but no etcd is configured",
      "name it with --etcd-url or --config",
    );
  }
  const networks = await readLegacyNetworks(given.network, session.options);
  const sources = networks.map((old) => {
    const configured = networkOf(old.name, given, session);
    const ranges = configured.ranges.length > 0 ? configured.ranges : old.ranges;
    const { records, remarks } = sourceOf(
      old.leases,
      { ...configured, ranges, source: "kube-ipam-0.2" },
      given,
      session,
    );
    return {
      records,
      remarks: [
        ...remarks,
        ...old.unreadable.map((key) => `${key} is not the address of a container: left out`),
      ],
    };
  });
  if (sources.every(({ records }) => records.length === 0)) {
    throw new AbsentError(
      `etcd holds no addresses of kube-ipam 0.2${given.network === undefined ? "" : ` for network '${given.network}'`}`,
      "0.2 keeps them at /etcd-cni/networks/<network>/used/<address>",
    );
  }
  const containers = new Set(networks.flatMap(({ leases }) => leases.map(({ container }) => container)));
  return {
    records: sources.flatMap(({ records }) => records),
    remarks: sources.flatMap(({ remarks }) => remarks),
    ...(given.containers === undefined && { warning: allForThisNode(containers.size, session) }),
  };
}

/** The keys of 0.2 name no node, but an attachment has one, and a DEL looks only below its own node. */
function allForThisNode(containers: number, { ports }: CommandContext): string {
  return (
    `kube-ipam 0.2 did not record the node of a container: all ${containers} are imported as containers of ` +
    `'${ports.node.name}', and no DEL on another node frees their addresses; ` +
    "with more than one node, name each node's containers with --containers (see --help)"
  );
}

type Lease = Pick<ForeignLease, "address" | "container"> & { readonly ifname?: string };

function sourceOf(
  leases: readonly Lease[],
  network: ForeignNetwork,
  given: SourceOptions,
  session: CommandContext,
): Source {
  const { name: thisNode } = session.ports.node;
  const nodes = given.containers === undefined ? undefined : readContainersFile(given.containers, thisNode);
  const placed = leases.flatMap(({ address, container, ifname = given.ifname }): ForeignLease[] => {
    const node = nodes === undefined ? thisNode : nodes.get(container);
    return node === undefined ? [] : [{ address, container, ifname, node }];
  });
  const left = leases.length - placed.length;
  return {
    records: recordsOfLeases(placed, network),
    remarks:
      left === 0
        ? []
        : [
            `network '${network.name}': ${left} addresses of containers that ${given.containers} does not name are left out`,
          ],
  };
}

function networkOf(
  name: string,
  given: SourceOptions,
  { settings, ports }: CommandContext,
): Omit<ForeignNetwork, "source"> {
  const configured = configuredNetwork(given.config);
  const own = configured?.name === name ? configured : undefined;
  return {
    name,
    space: given.space ?? own?.space ?? settings.space,
    ranges: own?.ranges ?? [],
    ...(ports.clusterUid !== undefined && { clusterUid: ports.clusterUid }),
    since: new Date().toISOString(),
  };
}

/** The network of --config, if that is a network: it has prefixes and gateways. */
function configuredNetwork(
  path: string | undefined,
): { name: string; space: string; ranges: Range[] } | undefined {
  const given = path === undefined ? undefined : readConfiguration(path);
  if (given?.kind !== "network") return undefined;
  const { network } = parseNetworkConfiguration({
    stdin: given.stdin,
    nodeFile: readNodeFile(),
    purpose: "status",
  });
  return { name: network.name, space: network.space, ranges: network.sets.flatMap(({ ranges }) => ranges) };
}
