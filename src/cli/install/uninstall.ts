import { existsSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { printErr } from "../../command-line/print.ts";
import { parseNodeConfiguration } from "../../config/parse/parse-node-configuration.ts";
import { removeCredentials } from "../../host/plugin-credentials.ts";
import { IpamError } from "../../ipam/errors.ts";
import { describeHolder } from "../../ipam/in-words.ts";
import { openNode } from "../../node/open-node.ts";
import { readNodeFile } from "../../runtime/node-file.ts";
import { configuredStore } from "../../store/kinds/kinds.ts";
import { FALLBACK, FULL, type InstallOptions, onDisk, PLUGIN } from "./install.ts";

/**
 * `install --uninstall`: the complete plugin takes the shim's place, and works without an agent. Where
 * there is none beside the shim, no plugin is left, and the message says so.
 *
 * @throws IpamError io
 */
export function uninstall({ binDir }: InstallOptions): number {
  return onDisk(binDir, () => {
    try {
      renameSync(join(binDir, FULL), join(binDir, PLUGIN));
      printErr(`${join(binDir, PLUGIN)} is the complete plugin again`);
    } catch (failure) {
      if ((failure as NodeJS.ErrnoException).code !== "ENOENT") throw failure;
      // Without a complete plugin beside it, only a shim that stands alone is ours to remove.
      if (removedFallback(binDir)) {
        rmSync(join(binDir, PLUGIN), { force: true });
        printErr(
          `no kube-ipam is left in ${binDir}: the shim had no complete plugin beside it; 'kube-ipam install' installs both`,
        );
      } else printErr(`there is no ${FULL} in ${binDir}: nothing is changed`);
    }
    rmSync(join(binDir, FALLBACK), { force: true });
  });
}

function removedFallback(binDir: string): boolean {
  try {
    rmSync(join(binDir, FALLBACK));
    return true;
  } catch {
    return false;
  }
}

/** What `--purge` needs to know beside what install does. */
export interface PurgeOptions extends InstallOptions {
  /** Purge even if attachments still need the plugin. */
  readonly force?: boolean;
}

/**
 * `install --purge`: removes all that install and the agent put on this node. The network goes first, so
 * that the runtime no longer calls what goes next. Journal, log and an embedded store stay.
 *
 * @throws IpamError tryAgain while attachments of this node need the plugin for their DEL; io.
 */
export function purge(options: PurgeOptions): number {
  const { binDir, confDir, etcDir, force, network } = options;
  const nodeFile = join(etcDir, "config.json");
  const { node, store } = parseNodeConfiguration(existsSync(nodeFile) ? readNodeFile(nodeFile) : undefined);
  if (force !== true) requireUnused(openNode(node));
  return onDisk(binDir, () => {
    if (network !== undefined) rmSync(join(confDir, basename(network)), { force: true });
    for (const name of [PLUGIN, FULL, FALLBACK]) rmSync(join(binDir, name), { force: true });
    removeCredentials(etcDir);
    rmSync(nodeFile, { force: true });
    const liesHere = configuredStore(store).file !== undefined;
    const kept = liesHere ? "the store and its kept DELs" : "kept DELs";
    printErr(`kube-ipam is gone from this node; ${node.dataDir} (${kept}) and ${node.logFile} stay`);
  });
}

function requireUnused({ journal, namespaceState }: ReturnType<typeof openNode>): void {
  const living = journal
    .list()
    .map(({ holder }) => holder)
    .filter((holder) => holder.namespace === undefined || namespaceState(holder) !== "gone");
  const [first] = living;
  if (first === undefined) return;
  throw new IpamError(
    "tryAgain",
    `${living.length} attachments on this node still need the plugin for their DEL, such as ${describeHolder(first)}`,
    "delete those pods first; with --force the plugin goes at once, and they can no longer end cleanly",
  );
}
