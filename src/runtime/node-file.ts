import { statSync } from "node:fs";
import { readRegularFile } from "../files/regular-file.ts";
import { IpamError } from "../ipam/errors.ts";

const DEFAULT_PATH = "/etc/kube-ipam/config.json";

/**
 * Reads the node's file (docs/design.md section 7): `named`, else $KUBE_IPAM_CONFIG, else
 * /etc/kube-ipam/config.json. Undefined where there is none, unless it is `named`. A file that exists but
 * cannot be read is an error, because it locks settings.
 *
 * @throws IpamError io.
 */
export function readNodeFile(named?: string): { path: string; text: string } | undefined {
  const path = named ?? (process.env.KUBE_IPAM_CONFIG || DEFAULT_PATH);
  try {
    // An error costs more than the question, and most nodes have no such file.
    const absent = named === undefined && statSync(path, { throwIfNoEntry: false }) === undefined;
    return absent ? undefined : { path, text: readRegularFile(path) };
  } catch (failure) {
    if (named === undefined && (failure as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new IpamError(
      "io",
      `the node's configuration ${path} cannot be read: ${(failure as Error).message}`,
      "it must be a file that root can read",
    );
  }
}
