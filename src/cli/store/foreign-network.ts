import { clusterOfRecords } from "../../ipam/cluster-names.ts";
import type { ForeignNetwork } from "../../portable/foreign-leases.ts";
import { configuredNetwork } from "../session/configured-network.ts";
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
    ...clusterOfRecords(ports),
    since: new Date().toISOString(),
  };
}
