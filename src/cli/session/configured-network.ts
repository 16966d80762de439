import type { Range } from "../../address/range.ts";
import { readConfiguration } from "../../command-line/read-configuration.ts";
import { parseNetworkConfiguration } from "../../config/parse/parse-network-configuration.ts";
import { nodeFileFor } from "../../runtime/cluster-pools.ts";

/** The network of --config, if that is a network: it has prefixes and gateways. @throws IpamError of the configuration. */
export async function configuredNetwork(
  path: string | undefined,
): Promise<{ name: string; space: string; ranges: Range[] } | undefined> {
  const given = path === undefined ? undefined : readConfiguration(path);
  if (given?.kind !== "network") return undefined;
  const { stdin } = given;
  const nodeFile = await nodeFileFor([stdin]);
  const { network } = parseNetworkConfiguration({ stdin, nodeFile, purpose: "status" });
  return { name: network.name, space: network.space, ranges: network.sets.flatMap(({ ranges }) => ranges) };
}
