import { isObject, type Json, member } from "../text/json-text.ts";
import { isOurs } from "../text/places.ts";

/**
 * The plugin of a configuration, or of a list of them, whose addresses kube-ipam gives; undefined
 * where there is none. libcni gives each plugin of a list the list's name and version.
 *
 * @param document with canonical keys.
 */
export function ourPlugin(document: Json): Json | undefined {
  const plugins = member(document, "plugins");
  if (!Array.isArray(plugins)) return isOurs(document) ? document : undefined;
  const plugin: unknown = plugins.find(isOurs);
  if (!isObject(plugin)) return undefined;
  return { ...plugin, name: member(document, "name"), cniVersion: member(document, "cniVersion") };
}
