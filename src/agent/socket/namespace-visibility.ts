import { existsSync, readdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Environment } from "../../cni/protocol/environment.ts";
import type { Log } from "../../ipam/ports.ts";
import { identifyNamespace, looksFromHost } from "../../node/namespaces.ts";

/** Folders that were told of. */
const told = new Set<string>();

/**
 * Whether an ADD's network namespace may well be there though this process does not see it: in a
 * container the folder of the namespaces may not be mounted, and then it shows no living one at all.
 * An ADD never fails for want of an agent.
 */
export function unseen({ CNI_COMMAND, CNI_NETNS: path = "" }: Environment, log: Log): boolean {
  if (CNI_COMMAND !== "ADD" || path === "" || existsSync(path)) return false;
  const folder = dirname(path);
  if (looksFromHost() || showsLiving(folder)) return false;
  if (!told.has(folder))
    log("warn", "no network namespace can be seen from here, and ADDs are left to the complete plugin", {
      folder,
      remedy: `mount ${folder} from the host with propagation HostToContainer`,
    });
  told.add(folder);
  return true;
}

/** A folder of namespaces that an ADD was asked for in vain, and that is still not there at all. */
export function missingFolder(): string | undefined {
  return [...told].find((folder) => !existsSync(folder));
}

function showsLiving(folder: string): boolean {
  try {
    return readdirSync(folder).some((name) => identifyNamespace(`${folder}/${name}`)?.device !== undefined);
  } catch {
    return false;
  }
}
