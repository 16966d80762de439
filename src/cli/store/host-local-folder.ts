import { readdirSync, readFileSync, statSync } from "node:fs";
import { type Address, tryParseAddress } from "../../address/address.ts";
import { IpamError } from "../../ipam/errors.ts";

/** The folder of host-local's networks unless its `dataDir` names another. */
export const HOST_LOCAL_FOLDER = "/var/lib/cni/networks";

/** An address as host-local recorded it. Old releases did not write the interface. */
export interface HostLocalLease {
  readonly address: Address;
  readonly container: string;
  readonly ifname?: string;
}

/**
 * Reads host-local's folder of one network: a file for each address, in it the container's ID and,
 * on a second line, the interface. `folder` is that folder, or the one that holds it.
 *
 * @throws IpamError io naming the folder, decode naming a file without a container.
 */
export function readHostLocalFolder(
  folder: string,
  network: string,
): { path: string; leases: HostLocalLease[] } {
  const path = isFolder(`${folder}/${network}`) ? `${folder}/${network}` : folder;
  const leases: HostLocalLease[] = [];
  for (const name of namesIn(path)) {
    const address = tryParseAddress(name);
    if (address !== undefined) leases.push({ address, ...readLease(`${path}/${name}`) });
  }
  return { path, leases };
}

function readLease(file: string): { container: string; ifname?: string } {
  const [container = "", ifname = ""] = readFileSync(file, "utf8")
    .split(/\r?\n/)
    .map((line) => line.trim());
  if (container === "") {
    throw new IpamError(
      "decode",
      `${file} names no container`,
      "if no container has that address any more, remove the file; else write the container's ID into it",
    );
  }
  return { container, ...(ifname !== "" && { ifname }) };
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path).sort();
  } catch (failure) {
    throw new IpamError(
      "io",
      `host-local's folder ${path} cannot be read: ${(failure as Error).message}`,
      "name the folder with --folder: host-local's dataDir, or the network's own folder in it",
    );
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
