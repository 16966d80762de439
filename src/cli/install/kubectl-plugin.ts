import { renameSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { printOut } from "../../command-line/print.ts";
import { IpamError } from "../../ipam/errors.ts";

const NAME = "kubectl-ipam";

/**
 * Makes `kubectl ipam` work: links this executable under the name by which kubectl finds its plugins.
 *
 * @throws IpamError io; an older link stays then.
 */
export function linkKubectlPlugin(folder: string): number {
  const link = join(resolve(folder), NAME);
  const temporary = `${link}.${process.pid}`;
  try {
    symlinkSync(process.execPath, temporary);
    renameSync(temporary, link);
  } catch (failure) {
    const reason = failure instanceof Error ? failure.message : String(failure);
    throw new IpamError(
      "io",
      `cannot make ${link}: ${reason}`,
      "name a folder of $PATH that you may write to",
    );
  }
  return printOut(`${link} -> ${process.execPath}`);
}
