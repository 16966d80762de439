import { readConfiguration } from "../../command-line/read-configuration.ts";
import type { KnownNetwork } from "../../operator/why/known-network.ts";
import { configuredNetwork, readNetwork } from "../../operator/why/known-networks.ts";
import { checkNetworks, printUnread } from "../doctor/networks.ts";

export interface NetworkOptions {
  readonly config?: string;
  readonly confDir: string;
}

/** The networks that `--config` and the runtime's folder describe, in this order. @throws IpamError */
export async function configuredNetworks({ config, confDir }: NetworkOptions): Promise<KnownNetwork[]> {
  const given = config === undefined ? undefined : readConfiguration(config);
  const named = given?.kind === "network" ? [await readNetwork(given.stdin, given.path)] : [];
  const found = await checkNetworks(confDir);
  printUnread(found);
  return [...named, ...found.configurations.map((each) => configuredNetwork(each, confDir))];
}
