import type { NetworkConfiguration } from "../config/network-configuration.ts";
import { DEFAULTS } from "../config/settings/setting-defaults.ts";
import { isBegunFolder } from "../files/begun-folder.ts";
import { whyNotOwnFolderAgain } from "../files/own-folder.ts";
import { IpamError } from "../ipam/errors.ts";
import type { Verb } from "./protocol/versions.ts";

/**
 * The configuration, with folders that root may write to. A folder that only the network names must be
 * kube-ipam's own: who may write a network's configuration must not write as root elsewhere.
 *
 * @throws IpamError invalidConfig from ADD and STATUS. Other verbs go on with a warning: there, where kube-ipam has
 *   begun and they end what an ADD did (a folder becomes another's after the ADD, too), else with the default folder.
 */
export function withOwnFolders(configuration: NetworkConfiguration, verb: Verb): NetworkConfiguration {
  const { byNetwork = [] } = configuration.node;
  return FOLDERS.filter((key) => byNetwork.includes(key)).reduce((known, key) => {
    const why = whyNotOwnFolderAgain(known.node[key]);
    if (why === undefined) return known;
    const message = `ipam.${key} '${known.node[key]}' cannot be kube-ipam's folder: ${why}`;
    if (verb !== "ADD" && verb !== "STATUS") return goOn(known, key, message);
    throw new IpamError(
      "invalidConfig",
      message,
      "without the node's file a network may only name folders that are root's alone, and missing, empty or " +
        `kube-ipam's already: remove ${key}, or set it in the node's file`,
    );
  }, configuration);
}

type Folder = "dataDir" | "runDir";
const FOLDERS: readonly Folder[] = ["dataDir", "runDir"];

function goOn(configuration: NetworkConfiguration, key: Folder, message: string): NetworkConfiguration {
  const { node, store, warnings } = configuration;
  if (isBegunFolder(node[key]))
    return { ...configuration, warnings: [...warnings, `${message}; what began there is ended there`] };
  const folder = DEFAULTS[key];
  return {
    ...configuration,
    node: { ...node, [key]: folder },
    store: key === "dataDir" && "dataDir" in store ? { ...store, dataDir: folder } : store,
    warnings: [...warnings, `${message}; ${folder} is in force`],
  };
}
