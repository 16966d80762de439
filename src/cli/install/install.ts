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
  /** False: no complete plugin, so that no credential need be on the host. */
  readonly fallback: boolean;
  /** Where the node's file goes, and credentials of the plugin. */
  readonly etcDir: string;
  /** Becomes the node's file, with a name of this node in it. */
  readonly nodeFile?: string;
  readonly nodeName?: string;
  /** A network's configuration for the runtime, by the name it is to have in `confDir`. */
  readonly network?: string;
  readonly confDir: string;
}

export const PLUGIN = "kube-ipam";
export const FULL = "kube-ipam.full";
export const FALLBACK = "kube-ipam.fallback";

/**
 * Every file comes by rename. The order keeps the runtime's file usable at every moment; the network
 * comes last, because from then on the runtime calls the plugin.
 *
 * @throws IpamError io; invalidConfig for a node's file that kube-ipam would refuse. What was there
 * before still works then, and nothing is changed for want of a file that the options name.
 */
export function install(options: InstallOptions): number {
  const { binDir, shim, fallback, nodeFile, network } = options;
  const own = process.execPath;
  const source = shim ?? join(dirname(own), "kube-ipam-shim");
  requireFile(source, "name the shim with --shim: the file kube-ipam-shim of this release");
  if (nodeFile !== undefined) requireFile(nodeFile, "--node-file names what becomes the node's file");
  if (network !== undefined) requireFile(network, "--network names a network's configuration");
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
 * Turns what the file system says into words.
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
      "run it as root, with a folder for --bin-dir that can be written to",
    );
  }
}
