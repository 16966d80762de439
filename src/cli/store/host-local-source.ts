import { AbsentError, UsageError } from "../../command-line/failure.ts";
import { recordsOfLeases } from "../../portable/foreign-leases.ts";
import { knownContainers } from "../../runtime/known-containers.ts";
import { configuredNetwork } from "../session/configured-network.ts";
import type { CommandContext } from "../session/open.ts";
import { holdForUnknown, tellDamaged, tellNoAddress } from "./damaged-leases.ts";
import { machineHere, networkOf } from "./foreign-network.ts";
import { HOST_LOCAL_FOLDER, readHostLocalFolder } from "./host-local-folder.ts";
import { placeLeases, remarksOn } from "./place-leases.ts";
import type { Source, SourceOptions } from "./source.ts";
import { tellRuntime } from "./tell-runtime.ts";

/**
 * Reads what host-local gave out on this node in one network.
 *
 * @throws UsageError, AbsentError; IpamError io naming the folder.
 */
export async function readHostLocal(given: SourceOptions, session: CommandContext): Promise<Source> {
  const network = networkNamed(given);
  const thisNode = session.ports.node.name;
  const found = readHostLocalFolder(given.folder ?? HOST_LOCAL_FOLDER, network);
  const { damaged, leases, noAddress, path } = found;
  if (leases.length + damaged.length === 0) throw holdsNone(path, noAddress);
  const configured = await configuredNetwork(given.config);
  const placed = placeLeases(leases, given, thisNode, true);
  const skipped = given.skipDamaged === true;
  const held = skipped ? [] : holdForUnknown(damaged, thisNode, true);
  return {
    records: recordsOfLeases([...placed.leases, ...held], {
      ...networkOf(network, given, session, configured),
      ...machineHere(given, session),
      source: "host-local",
    }),
    remarks: remarksOn(placed, network, given.containers),
    told: [
      ...tellDamaged(damaged, path, skipped),
      ...tellNoAddress(noAddress, path),
      ...tellRuntime(
        placed.leases,
        thisNode,
        knownContainers(session.settings.node.cniCacheDir),
        remedyFor(given.containers),
      ),
    ],
  };
}

function networkNamed({ network }: SourceOptions): string {
  if (network === undefined)
    throw new UsageError("--from host-local needs --network", "name the network as its configuration does");
  return network;
}

function remedyFor(containers: string | undefined): string {
  if (containers !== undefined) return `take those that have ended out of ${containers}`;
  return (
    "leave the others out with --containers if they have ended, " +
    "for no DEL of theirs comes any more and their addresses stay held (docs/migrate.md)"
  );
}

function holdsNone(path: string, noAddress: readonly string[]): AbsentError {
  const [first] = noAddress;
  const others =
    first === undefined
      ? ""
      : `none of its ${noAddress.length} entries is named as an address, such as ${first}; `;
  return new AbsentError(`${path} holds no address`, `${others}name host-local's folder with --folder`);
}
