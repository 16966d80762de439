import { mkdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { printErr } from "../../command-line/print.ts";
import { place } from "../../host/place.ts";
import { removeCredentials } from "../../host/plugin-credentials.ts";
import { IpamError } from "../../ipam/errors.ts";
import { placeNetwork, placeNodeFile } from "./node-files.ts";

export interface InstallOptions {
  readonly binDir: string;
  readonly shim?: string;
  /** False: no complete plugin, so that the host needs no credentials. */
  readonly fallback: boolean;
  /** The folder of the node's file and of the plugin's credentials. */
  readonly etcDir: string;
  /** The file that becomes the node's file, with this node's name in it. */
  readonly nodeFile?: string;
  readonly nodeName?: string;
  /** A network's configuration; keeps its file name in `confDir`. */
  readonly network?: string;
  readonly confDir: string;
}

/** The plugin that the runtime starts: the shim, or the complete plugin. */
export const PLUGIN = "kube-ipam";
/** The complete plugin beside a shim. */
export const FULL = "kube-ipam.full";
/** Says "none" where a shim has no complete plugin. */
export const FALLBACK = "kube-ipam.fallback";

/**
 * `install`: puts shim, plugin and files in place. Every file comes by rename, in an order that keeps the
 * plugin usable at every moment; the network comes last, because from then on the runtime calls the plugin.
 *
 * @throws IpamError io; invalidConfig for a node's file that kube-ipam would refuse. What was there
 * before still works then; where a file that the options name is missing, nothing is changed.
 */
export function install(options: InstallOptions): number {
  const { binDir, shim, fallback, nodeFile, network } = options;
  const own = process.execPath;
  const source = shim ?? join(dirname(own), "kube-ipam-shim");
  requireFile(source, "name the shim with --shim: the file kube-ipam-shim of this release");
  if (nodeFile !== undefined) requireFile(nodeFile, "name the node's file with --node-file");
  if (network !== undefined) requireFile(network, "name a network's configuration with --network");
  return onDisk(binDir, () => {
    if (nodeFile !== undefined) placeNodeFile(nodeFile, options);
    mkdirSync(binDir, { recursive: true });
    if (fallback) place(binDir, FULL, { copyOf: own }, 0o755);
    place(binDir, PLUGIN, { copyOf: source }, 0o755);
    if (fallback) {
      rmSync(join(binDir, FALLBACK), { force: true });
    } else {
      place(binDir, FALLBACK, { text: "none\n" }, 0o644);
      rmSync(join(binDir, FULL), { force: true });
      removeCredentials(options.etcDir);
    }
    if (network !== undefined) placeNetwork(network, options);
    printErr(
      `installed the shim as ${join(binDir, PLUGIN)}, ${fallback ? `the complete plugin as ${FULL}` : "no fallback"}`,
    );
  });
}

function requireFile(path: string, remedy: string): void {
  if (isFile(path)) return;
  throw new IpamError("io", `'${path}' is no file`, remedy);
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * Runs `work`, and turns an error of the file system into one for people. Returns the exit code 0.
 *
 * @throws IpamError io
 */
export function onDisk(binDir: string, work: () => void): number {
  try {
    work();
    return 0;
  } catch (failure) {
    if (failure instanceof IpamError) throw failure;
    const reason = failure instanceof Error ? failure.message : String(failure);
    throw new IpamError(
      "io",
      `cannot install into '${binDir}': ${reason}`,
      "run it as root, and name a writable folder with --bin-dir",
    );
  }
}
