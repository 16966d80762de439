import { existsSync } from "node:fs";
import type { Ports } from "../ipam/ports.ts";
import type { CallOptions } from "../ipam/store-port.ts";
import { openNode } from "../node/open-node.ts";
import { knownClusterUid } from "../runtime/cluster-uid.ts";
import { openStore } from "../runtime/open-ports.ts";
import { AbsentError } from "./failure.ts";
import { printErr } from "./print.ts";
import { type Settings, type StoreOptions, settingsOf } from "./settings.ts";

/** What a command that works on a store has at hand. */
export interface Session {
  readonly settings: Settings;
  readonly ports: Ports;
  /** One absolute deadline for the whole command (BOUNDED). */
  readonly options: CallOptions;
}

/**
 * Opens store and node, runs a command, and closes them whatever happens. `creates` tells a command
 * that may begin a store from one that must find it there: a mistyped folder is no empty store.
 *
 * @throws AbsentError, StoreFailure, IpamError.
 */
export async function withSession(
  given: StoreOptions,
  work: (session: Session) => Promise<number>,
  { creates = false } = {},
): Promise<number> {
  const settings = settingsOf(given);
  if (!creates) requireStore(settings);
  const store = await openStore(settings.store);
  try {
    const clusterUid =
      settings.store.kind === "embedded" ? undefined : knownClusterUid(settings.node.dataDir);
    const ports: Ports = {
      store,
      node: openNode(settings.node),
      ...(clusterUid !== undefined && { clusterUid }),
      log: (level, message) => {
        if (level === "warn" || level === "error") printErr(`${level}: ${message}`);
      },
    };
    return await work({ settings, ports, options: { deadline: performance.now() + given.timeout * 1000 } });
  } finally {
    await store.close();
  }
}

function requireStore({ store, source }: Settings): void {
  if (store.kind !== "embedded" || existsSync(`${store.dataDir}/kube-ipam.db`)) return;
  throw new AbsentError(
    `there is no store in ${store.dataDir} yet`,
    `${source === undefined ? "no configuration names another one" : `${source} names this one`}: ` +
      "name yours with --config, --data-dir or --etcd-url; the first ADD begins it, or 'kube-ipam store init'",
  );
}
