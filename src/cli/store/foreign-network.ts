import { clusterOfRecords } from "../../ipam/cluster-names.ts";
import { IpamError } from "../../ipam/errors.ts";
import type { ForeignNetwork } from "../../portable/foreign-leases.ts";
import { configuredStore } from "../../store/kinds/kinds.ts";
import type { configuredNetwork } from "../session/configured-network.ts";
import { openAccess } from "../session/kubernetes.ts";
import type { CommandContext } from "../session/open.ts";
import type { SourceOptions } from "./source.ts";

/** The network to import into, with its ranges where --config has them. */
export function networkOf(
  name: string,
  given: SourceOptions,
  { settings, ports }: CommandContext,
  configured: Awaited<ReturnType<typeof configuredNetwork>>,
): Omit<ForeignNetwork, "source"> {
  const own = configured?.name === name ? configured : undefined;
  return {
    name,
    space: given.space ?? own?.space ?? settings.space,
    ranges: own?.ranges ?? [],
    ...clusterOfRecords(ports),
    since: new Date().toISOString(),
  };
}

/**
 * The same command with the name of its cluster, which a new node does not remember yet: in a shared store nobody frees
 * a record without the name of his own cluster. Unchanged where no kubeconfig is named.
 *
 * @throws IpamError kubernetesRefused, tryAgain, invalidConfig.
 */
export async function knowingCluster<C extends CommandContext>(context: C, given: SourceOptions): Promise<C> {
  const { ports, settings } = context;
  const isNamed = settings.cluster !== undefined || (given.kubeconfig ?? settings.kubeConfig) !== undefined;
  const { shared } = configuredStore(settings.store).description;
  if (ports.clusterNames !== undefined || !shared || !isNamed) return context;
  const access = await openAccess(given, context);
  return access === undefined ? context : { ...context, ports: { ...ports, clusterNames: access.names } };
}

/**
 * This machine's ID, by which its agent knows that imported containers are its own. Without it, or where it cannot be
 * made, the agent adopts those that its runtime knows.
 */
export function machineHere(
  { dryRun }: SourceOptions,
  { ports }: CommandContext,
): { readonly machine?: string } {
  if (dryRun === true) return {};
  try {
    return { machine: ports.node.machineId() };
  } catch (failure) {
    if (failure instanceof IpamError) return {};
    throw failure;
  }
}
