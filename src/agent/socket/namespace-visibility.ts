import { existsSync, readdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Environment } from "../../cni/protocol/environment.ts";
import { BoundedMap } from "../../ipam/bounded-map.ts";
import type { Log } from "../../ipam/ports.ts";
import { identifyNamespace, looksFromHost } from "../../node/namespaces.ts";

/** Folders that the log has named: a runtime has one or two. */
const logged = new BoundedMap<string, true>(64);

/**
 * Whether an ADD's network namespace may exist although this process does not see it: in a container
 * the folder of the namespaces may not be mounted, and then it shows no living one at all. The complete
 * plugin then does the work: no ADD fails because of the agent.
 */
export function cannotSeeNamespace({ CNI_COMMAND, CNI_NETNS: path = "" }: Environment, log: Log): boolean {
  if (CNI_COMMAND !== "ADD" || path === "" || existsSync(path)) return false;
  const folder = dirname(path);
  if (looksFromHost() || showsLiving(folder)) return false;
  if (logged.get(folder) === undefined)
    log("warn", "the agent sees no network namespace, and leaves ADDs to the complete plugin", {
      folder,
      remedy: `mount ${folder} from the host with propagation HostToContainer`,
    });
  logged.set(folder, true);
  return true;
}

/** A folder of namespaces that an ADD named and this process did not see, and that still does not exist. */
export function missingNamespaceFolder(): string | undefined {
  return [...logged.entries()].map(([folder]) => folder).find((folder) => !existsSync(folder));
}

function showsLiving(folder: string): boolean {
  try {
    return readdirSync(folder).some((name) => identifyNamespace(`${folder}/${name}`)?.device !== undefined);
  } catch {
    return false;
  }
}
