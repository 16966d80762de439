import { lstatSync, readdirSync, statSync } from "node:fs";
import { trySpelledAddress } from "../../address/spelled-address.ts";
import { readRegularFile } from "../../files/regular-file.ts";
import { IpamError } from "../../ipam/errors.ts";
import { type FoundLease, type Leases, leasesOf } from "./found-leases.ts";
import { type LeaseHolder, LONGEST_LEASE, readLeaseText } from "./lease-text.ts";

/** The folder of host-local's networks unless its `dataDir` names another. */
export const HOST_LOCAL_FOLDER = "/var/lib/cni/networks";

/** What host-local writes beside its leases; releases before 0.8 had one `last_reserved_ip`. */
const ITS_OWN = /^(lock|last_reserved_ip(\.\d+)?)$/;

/**
 * Reads host-local's folder of one network: a file for each address, in it the container's ID and,
 * on a second line, the interface. `folder` is that folder, or the one that holds it. Whatever an entry is or holds
 * stops nothing, and none is waited for: its address comes without a holder, or it is named as no address.
 *
 * @throws IpamError io naming the folder.
 */
export function readHostLocalFolder(folder: string, network: string): { path: string } & Leases {
  const path = isFolder(`${folder}/${network}`) ? `${folder}/${network}` : folder;
  const found: FoundLease[] = [];
  const noAddress: string[] = [];
  for (const name of namesIn(path)) {
    if (ITS_OWN.test(name)) continue;
    const entry = `${path}/${name}`;
    const named = trySpelledAddress(name);
    if (named === undefined) {
      noAddress.push(entry);
      continue;
    }
    const read = readLease(entry);
    if (read === "gone") continue;
    found.push({ entry, ...named, holder: read });
  }
  return { path, ...leasesOf(found), noAddress };
}

function readLease(entry: string): LeaseHolder | "gone" {
  try {
    return readLeaseText(readRegularFile(entry, LONGEST_LEASE));
  } catch (failure) {
    return isThere(entry) ? { fault: faultOf(failure as NodeJS.ErrnoException) } : "gone";
  }
}

function faultOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === "ENOENT") return "it is a link that leads nowhere";
  if (code === "ELOOP") return "it is a link that leads in a circle";
  if (code !== undefined) return `it cannot be read (${code})`;
  return message.includes("regular file")
    ? "it is no regular file"
    : `it is longer than ${LONGEST_LEASE} bytes`;
}

/** False where a DEL has removed the entry meanwhile. */
function isThere(entry: string): boolean {
  return lstatSync(entry, { throwIfNoEntry: false }) !== undefined;
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

/** A path that cannot be looked at is none: reading the folder that was named says why. */
function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
