import type { NetworkConfiguration, NodeSettings } from "../config/network-configuration.ts";
import { DEFAULTS } from "../config/settings/setting-defaults.ts";
import { whyNotOwnFolder } from "../files/own-folder.ts";
import { IpamError } from "../ipam/errors.ts";
import type { Verb } from "./protocol/versions.ts";

/**
 * The configuration, with folders that root may write to. A folder that only the network names must be
 * kube-ipam's own: who may write a network's configuration must not write as root elsewhere.
 *
 * @throws IpamError invalidConfig from ADD and STATUS; other verbs go on with the default folder and a warning.
 */
export function withOwnFolders(configuration: NetworkConfiguration, verb: Verb): NetworkConfiguration {
  const { byNetwork = [] } = configuration.node;
  return FOLDERS.filter((key) => byNetwork.includes(key)).reduce((known, key) => {
    const why = whyNotOwnFolder(known.node[key]);
    if (why === undefined) return known;
    const message = `ipam.${key} '${known.node[key]}' cannot be kube-ipam's folder: ${why}`;
    if (verb !== "ADD" && verb !== "STATUS") return withDefault(known, key, message);
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

function withDefault(
  configuration: NetworkConfiguration,
  key: Folder,
  message: string,
): NetworkConfiguration {
  const { store } = configuration;
  const folder = DEFAULTS[key];
  const node: NodeSettings = { ...configuration.node, [key]: folder };
  return {
    ...configuration,
    node,
    store: key === "dataDir" && "dataDir" in store ? { ...store, dataDir: folder } : store,
    warnings: [...configuration.warnings, `${message}; ${folder} is in force`],
  };
}
