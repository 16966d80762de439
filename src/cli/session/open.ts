import { AbsentError, UsageError } from "../../command-line/failure.ts";
import { printErr } from "../../command-line/print.ts";
import type { Ports } from "../../ipam/ports.ts";
import type { CallOptions } from "../../ipam/store-port.ts";
import { nodeNameFault } from "../../node/node-name.ts";
import { openNode } from "../../node/open-node.ts";
import { knownClusterNames } from "../../runtime/cluster-names.ts";
import { isBegun } from "../../store/kinds/begun.ts";
import { configuredStore } from "../../store/kinds/kinds.ts";
import { type Settings, type StoreOptions, settingsOf } from "./settings.ts";

/** What a command has before it opens the store. */
export interface CommandContext {
  readonly settings: Settings;
  readonly ports: Omit<Ports, "store">;
  /** One absolute deadline for the whole command (BOUNDED). */
  readonly options: CallOptions;
}

/** What a command has once the store is open. */
export interface Session extends CommandContext {
  readonly ports: Ports;
}

/**
 * Reads configuration and node for a command; opens no store.
 *
 * @param asksCluster the command asks Kubernetes of pods and nodes, whatever the store is.
 * @throws UsageError, or IpamError of the configuration.
 */
export function prepareCommand(given: StoreOptions, { asksCluster = false } = {}): CommandContext {
  const settings = settingsOf(given);
  if (!asksCluster) requireUseOfCluster(given, settings);
  const fault = nodeNameFault(settings.node.nodeName);
  if (fault !== undefined) throw fault;
  const { shared } = configuredStore(settings.store).description;
  const clusterNames = shared ? knownClusterNames(settings.node.dataDir) : undefined;
  return {
    settings,
    ports: {
      node: openNode(settings.node),
      ...(clusterNames && { clusterNames }),
      random: Math.random,
      log: (level, message) => {
        if (level === "warn" || level === "error") printErr(`${level}: ${message}`);
      },
    },
    options: { deadline: performance.now() + given.timeout * 1000 },
  };
}

/**
 * Opens store and node, runs a command, and closes them even if it fails. Only a command with `creates`
 * may create an embedded store; for others a missing one is an error, because the folder may be mistyped.
 *
 * @throws AbsentError, StoreFailure, IpamError.
 */
export function withSession(
  given: StoreOptions,
  work: (session: Session) => Promise<number>,
  { asksCluster = false, creates = false } = {},
): Promise<number> {
  return withStore(prepareCommand(given, { asksCluster }), work, { creates });
}

/** As `withSession`, for a command that has prepared its context already. @throws as `withSession`. */
export async function withStore(
  context: CommandContext,
  work: (session: Session) => Promise<number>,
  { creates = false } = {},
): Promise<number> {
  const { settings, ports } = context;
  if (!creates) requireStore(settings);
  const store = await configuredStore(settings.store).open();
  try {
    return await work({ ...context, ports: { ...ports, store } });
  } finally {
    await store.close();
  }
}

function requireStore({ store, source }: Settings): void {
  if (isBegun(store)) return;
  throw new AbsentError(
    `there is no store in ${configuredStore(store).description.location} yet`,
    `${source === undefined ? "no configuration names another one" : `${source} names this one`}: ` +
      "name yours with --config, --store kubernetes, --etcd-url or --data-dir; the first ADD, or 'kube-ipam store init', creates it",
  );
}

/** To ignore them would hide a mistake: another store would be shown than the one that is meant. */
function requireUseOfCluster({ context, kubeconfig }: StoreOptions, { cluster, store }: Settings): void {
  if (cluster !== undefined || (kubeconfig === undefined && context === undefined)) return;
  const { kind, location } = configuredStore(store).description;
  throw new UsageError(
    `${kubeconfig === undefined ? "--context" : "--kubeconfig"} names a cluster, and the store is the ${kind} one in ${location}`,
    "where that cluster's own API is the store, say --store kubernetes; else leave the option out",
  );
}
