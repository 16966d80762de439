import type { Range } from "../../address/range.ts";
import { readConfiguration } from "../../command-line/read-configuration.ts";
import { parseNetworkConfiguration } from "../../config/parse/parse-network-configuration.ts";
import type { ForeignNetwork } from "../../portable/foreign-leases.ts";
import { readNodeFile } from "../../runtime/node-file.ts";
import type { CommandContext } from "../session/open.ts";
import type { SourceOptions } from "./source.ts";

/** The network to import into, with its ranges where --config has them. @throws IpamError of the configuration. */
export function networkOf(
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
export function configuredNetwork(
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
