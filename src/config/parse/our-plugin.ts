import { isObject, type Json, member } from "../text/json-text.ts";

/**
 * The plugin of a configuration, or of a list of them, whose addresses kube-ipam gives; undefined
 * where there is none. libcni gives each plugin of a list the list's name and version.
 */
export function ourPlugin(document: Json): Json | undefined {
  const plugins = member(document, "plugins");
  if (!Array.isArray(plugins)) return isOurs(document) ? document : undefined;
  const plugin: unknown = plugins.find(isOurs);
  if (!isObject(plugin)) return undefined;
  return { ...plugin, name: member(document, "name"), cniVersion: member(document, "cniVersion") };
}

function isOurs(plugin: unknown): boolean {
  const ipam = isObject(plugin) ? member(plugin, "ipam") : undefined;
  return isObject(ipam) && member(ipam, "type") === "kube-ipam";
}
